// What server and client of TCP say to each other before the first event. The first three are those of ProcMonitor, whose clients know
// them; the last one answers the right password when nobody more can be served.

export const PROMPT = 'Password: ';
export const WELCOME = 'Authentication successful.\n';
export const WRONG = 'Authentication failed. Disconnecting.\n';
export const FULL = 'Too many clients. Disconnecting.\n';
