// The kernel's filter for frames that tell of connections: TCP with SYN, FIN or RST, and UDP. It runs on cooked packet sockets,
// where a packet begins with its IP header whatever the link is. Fragments but the first have no ports and do not pass.

/** linux/bpf_common.h, linux/filter.h */
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const LOAD_BYTE_BEHIND = 0x50;
const LOAD_HEADER_LENGTH = 0xb1;
const AND = 0x54;
const IF_EQUAL = 0x15;
const IF_ANY = 0x45;
const RETURN = 0x06;
/** SKF_AD_OFF + SKF_AD_PROTOCOL: the ethertype */
const ETHERTYPE = 0xfffff000;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;
/** FIN, SYN, RST */
const OPENS_OR_CLOSES = 0x07;
/** the longest IP header without extensions, and ports and flags behind it */
export const CAPTURED_BYTES = 96;

type Label = string;
type Step = readonly [code: number, value: number, ifTrue?: Label, ifFalse?: Label];

/** @returns struct sock_filter, 8 bytes an instruction, in the byte order of this machine */
export function connectionFilter(protocol: 'tcp' | 'udp' | 'both'): Uint8Array {
  const tcp4 = protocol === 'udp' ? 'drop' : 'tcp4';
  const tcp6 = protocol === 'udp' ? 'drop' : 'tcp6';
  const udp = protocol === 'tcp' ? 'drop' : 'take';
  return assemble({
    start: [[LOAD_WORD, ETHERTYPE], [IF_EQUAL, IPV4, 'ipv4', 'notV4']],
    notV4: [[IF_EQUAL, IPV6, 'ipv6', 'drop']],
    ipv4: [[LOAD_HALF, 6], [IF_ANY, 0x1fff, 'drop', 'whole4']],
    whole4: [[LOAD_BYTE, 9], [IF_EQUAL, UDP, udp, 'notUdp4']],
    notUdp4: [[IF_EQUAL, TCP, tcp4, 'drop']],
    tcp4: [[LOAD_HEADER_LENGTH, 0], [LOAD_BYTE_BEHIND, 13], [AND, OPENS_OR_CLOSES], [IF_EQUAL, 0, 'drop', 'take']],
    ipv6: [[LOAD_BYTE, 6], [IF_EQUAL, UDP, udp, 'notUdp6']],
    notUdp6: [[IF_EQUAL, TCP, tcp6, 'drop']],
    tcp6: [[LOAD_BYTE, 40 + 13], [AND, OPENS_OR_CLOSES], [IF_EQUAL, 0, 'drop', 'take']],
    take: [[RETURN, CAPTURED_BYTES]],
    drop: [[RETURN, 0]],
  });
}

function assemble(blocks: Readonly<Record<Label, readonly Step[]>>): Uint8Array {
  const places = new Map<Label, number>();
  const steps: Step[] = [];
  for (const [label, block] of Object.entries(blocks)) {
    places.set(label, steps.length);
    steps.push(...block);
  }
  const bytes = new Uint8Array(8 * steps.length);
  const codes = new Uint16Array(bytes.buffer);
  const values = new Uint32Array(bytes.buffer);
  steps.forEach(([code, value, ifTrue, ifFalse], i) => {
    const jump = (label: Label | undefined): number => (label === undefined ? 0 : (places.get(label) ?? 0) - i - 1);
    codes[4 * i] = code;
    bytes[8 * i + 2] = jump(ifTrue);
    bytes[8 * i + 3] = jump(ifFalse);
    values[2 * i + 1] = value;
  });
  return bytes;
}
