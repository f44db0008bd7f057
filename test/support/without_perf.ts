// A process to which the kernel refuses perf_event_open(2), whatever kernel.perf_event_paranoid and its capabilities are: a seccomp filter,
// as container runtimes have one.

import { python } from './owner_servers.js';

// struct sock_filter (linux/filter.h): load the system call's number, and refuse that one with EPERM (linux/seccomp.h).
const SCRIPT = `
import ctypes, errno, os, platform, struct, sys
number = {'x86_64': 298, 'ppc64le': 319, 's390x': 331}.get(platform.machine(), 241)
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
program = b''.join(struct.pack('HBBI', *one) for one in (
    (LOAD_WORD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, 0x50000 | errno.EPERM), (RETURN, 0, 0, 0x7fff0000)))
kept = ctypes.create_string_buffer(program, len(program))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, FILTER = 22, 2
if libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.create_string_buffer(struct.pack('HP', len(program) // 8, ctypes.addressof(kept))), 0, 0) != 0:
    sys.exit('seccomp: ' + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
`;

/** Put before a command that root starts (CAP_SYS_ADMIN): it and all it becomes get EPERM from perf_event_open(2). */
export function withoutPerf(): string[] {
  return [python(), '-c', SCRIPT];
}
