// EtherTypes that other layers name (www.iana.org/assignments/ieee-802-numbers).

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;
