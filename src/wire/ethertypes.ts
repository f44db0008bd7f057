// EtherTypes that other layers name (www.iana.org/assignments/ieee-802-numbers).

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_TEB = 0x6558;
