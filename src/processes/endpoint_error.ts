// What keeps a server or a client from its endpoint.

/** Something about an endpoint could not be done. `message` is one line for the user: what, where, what to do. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
}

/** Says something for people: a client came, a client went, something is wrong. */
export type Say = (text: string, level: 'info' | 'warn') => void;
