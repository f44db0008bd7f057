import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ipv4Packet, payloadOf, tcpSegment, word } from '../support/packets.js';

const WIFI = 105;
const RADIOTAP = 127;
const IPV4 = ipv4Packet(tcpSegment('hello'));
const SNAP_IPV4 = join(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, ...word(0x0800)), IPV4);
const DATA = 0x08;
const QOS_DATA = 0x88;

interface HeaderForm {
  readonly control?: number;
  readonly flags?: number;
  /** what stands behind the three addresses: fourth address, QoS, HT control, padding */
  readonly rest?: readonly number[];
}

function wifi({ control = DATA, flags = 1, rest = [] }: HeaderForm, body: Uint8Array = SNAP_IPV4): Uint8Array {
  return join(Uint8Array.of(control, flags), new Uint8Array(22), Uint8Array.from(rest), body);
}

const zeros = (length: number): number[] => new Array<number>(length).fill(0);

describe('wire: 802.11', () => {
  it('finds IP behind headers of every length', () => {
    for (const flags of [0, 1, 2]) assert.equal(payloadOf(wifi({ flags }), WIFI), 'hello');
    assert.equal(payloadOf(wifi({ flags: 3, rest: zeros(6) }), WIFI), 'hello');
    assert.equal(payloadOf(wifi({ control: QOS_DATA, rest: zeros(2) }), WIFI), 'hello');
    assert.equal(payloadOf(wifi({ control: QOS_DATA, flags: 3, rest: zeros(8) }), WIFI), 'hello');
    assert.equal(payloadOf(wifi({ control: QOS_DATA, flags: 0x81, rest: zeros(6) }), WIFI), 'hello');
  });

  it('other frames are not IP: management, control, null function, encrypted ones', () => {
    for (const control of [0x80, 0x40, 0xb4, 0xd4, 0x48, 0xc8]) assert.equal(decoded(wifi({ control }), WIFI).outcome, 'NOT_IP');
    assert.equal(decoded(wifi({ flags: 0x41 }), WIFI).outcome, 'NOT_IP');
    assert.equal(decoded(Uint8Array.of(0xd4, 0, 0, 0, 1, 2, 3, 4, 5, 6), WIFI).outcome, 'NOT_IP', 'a short acknowledgement');
  });

  it('the frame check sequence behind it is not payload', () => {
    assert.equal(payloadOf(join(wifi({}), Uint8Array.of(0x47, 0x47, 0x47, 0x47)), WIFI), 'hello');
  });

  it('of an aggregate the first frame counts, bounded by its length', () => {
    const aggregate = (length: number): Uint8Array => wifi(
      { control: QOS_DATA, rest: [0x80, 0] }, join(new Uint8Array(12), Uint8Array.from(word(length)), SNAP_IPV4, new Uint8Array(60).fill(0x47)));
    assert.equal(payloadOf(aggregate(SNAP_IPV4.length), WIFI), 'hello');
    assert.equal(payloadOf(aggregate(SNAP_IPV4.length - 2), WIFI), 'hel');
    assert.equal(decoded(aggregate(20), WIFI).outcome, 'MALFORMED');
  });
});

describe('wire: radiotap', () => {
  /** @param fields what stands behind the version, length and the first present word */
  function radiotap(present: readonly number[], fields: readonly number[], frame = wifi({})): Uint8Array {
    return join(Uint8Array.of(0, 0, 4 + present.length + fields.length, 0), Uint8Array.from([...present, ...fields]), frame);
  }

  const padded = wifi({ control: QOS_DATA, rest: zeros(4) });
  const PAD = 0x20;

  it('is passed over by its length', () => {
    assert.equal(payloadOf(radiotap([0, 0, 0, 0], []), RADIOTAP), 'hello');
    assert.equal(payloadOf(radiotap([0, 0, 0, 0], zeros(29)), RADIOTAP), 'hello');
  });

  it('says whether the header is padded, in a flags field at several places', () => {
    assert.equal(payloadOf(radiotap([2, 0, 0, 0], [PAD], padded), RADIOTAP), 'hello');
    assert.equal(decoded(radiotap([2, 0, 0, 0], [0], padded), RADIOTAP).tcp, undefined);
    assert.equal(payloadOf(radiotap([3, 0, 0, 0], [...zeros(8), PAD], padded), RADIOTAP), 'hello');
    assert.equal(payloadOf(radiotap([3, 0, 0, 0x80, 0, 0, 0, 0], [...zeros(4), ...zeros(8), PAD], padded), RADIOTAP), 'hello');
    assert.equal(payloadOf(radiotap([2, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0], [PAD], padded), RADIOTAP), 'hello');
    assert.equal(decoded(radiotap([0, 0, 0, 0], [PAD], padded), RADIOTAP).tcp, undefined);
  });

  it('present words and fields beyond its length are not looked for', () => {
    assert.equal(payloadOf(radiotap([2, 0, 0, 0x80], []), RADIOTAP), 'hello');
    assert.equal(payloadOf(radiotap([2, 0, 0, 0], []), RADIOTAP), 'hello');
  });

  it('a length below its own header is malformed, beyond the frame cut short or malformed', () => {
    const short = Uint8Array.of(0, 0, 7, 0, 0, 0, 0, 0);
    assert.equal(decoded(join(short, wifi({})), RADIOTAP).outcome, 'MALFORMED');
    const long = Uint8Array.of(0, 0, 0xff, 0xff, 0, 0, 0, 0);
    assert.equal(decoded(join(long, wifi({})), RADIOTAP).outcome, 'MALFORMED');
    assert.equal(decoded(join(long, wifi({})), RADIOTAP, 9).outcome, 'CUT_SHORT');
  });
});
