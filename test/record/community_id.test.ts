import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Message } from '../../src/http/message.js';
import { parseAddress } from '../../src/config/network.js';
import { COMMUNITY_ID_BYTES, CommunityId } from '../../src/record/community_id.js';
import { Values } from '../../src/record/values.js';
import { RecordView } from '../../src/record/view.js';
import { Frame } from '../../src/wire/frame.js';
import { latin1Text } from '../support/fence.js';
import { SeededRandom } from '../support/random.js';
import { ROOT } from '../scripts/project.js';

interface Flow {
  readonly saddr: Uint8Array;
  readonly daddr: Uint8Array;
  readonly sport: number;
  readonly dport: number;
}

function idOf(communityId: CommunityId, { saddr, daddr, sport, dport }: Flow): string {
  const frame = new Frame();
  frame.addressLength = saddr.length;
  frame.sourcePort = sport;
  frame.destinationPort = dport;
  const record = new RecordView(frame, new Message(), new Values(0));
  record.addressBytes = Uint8Array.of(0xee, ...daddr, 0xee, ...saddr, 0xee);
  record.destination = 1;
  record.source = 2 + daddr.length;
  const out = new Uint8Array(COMMUNITY_ID_BYTES + 4).fill(0xee);
  assert.equal(communityId.write(out, 2, record), 2 + COMMUNITY_ID_BYTES);
  assert.deepEqual([...out.subarray(0, 2), ...out.subarray(-2)], [0xee, 0xee, 0xee, 0xee]);
  return latin1Text(out.subarray(2, -2));
}

/** By the specification's words: seed, lower endpoint first, protocol, padding, ports. */
function expected({ saddr, daddr, sport, dport }: Flow): string {
  const ordered = Buffer.compare(saddr, daddr) || sport - dport;
  const [low, high] = ordered <= 0 ? [[saddr, sport], [daddr, dport]] as const : [[daddr, dport], [saddr, sport]] as const;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(low[1], 0);
  ports.writeUInt16BE(high[1], 2);
  return `1:${createHash('sha1').update(Buffer.concat([Buffer.of(0, 0), low[0], high[0], Buffer.of(6, 0), ports])).digest('base64')}`;
}

function turned({ saddr, daddr, sport, dport }: Flow): Flow {
  return { saddr: daddr, daddr: saddr, sport: dport, dport: sport };
}

describe('record: community id', () => {
  const published = JSON.parse(readFileSync(join(ROOT, 'test/data/community-id-v1.json'), 'utf8')) as {
    vectors: { saddr: string; daddr: string; sport: number; dport: number; communityid: string }[];
  };

  for (const { saddr, daddr, sport, dport, communityid } of published.vectors) {
    it(`published vector: ${saddr} ${sport} to ${daddr} ${dport}`, () => {
      const flow = { saddr: parseAddress(saddr)!, daddr: parseAddress(daddr)!, sport, dport };
      assert.equal(idOf(new CommunityId(), flow), communityid);
      assert.equal(idOf(new CommunityId(), turned(flow)), communityid);
      assert.equal(expected(flow), communityid, 'the test itself');
    });
  }

  it('the same for both directions of any flow, whatever came before', () => {
    const random = new SeededRandom(1);
    const communityId = new CommunityId();
    // Few different bytes: neighbours of the last flow, equal addresses and equal ports come up.
    const address = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i < length - 1 ? 7 : random.below(3) * 100));
    const port = (): number => [0, 80, 255, 256, 65535][random.below(5)];
    const seen = new Set<string>();
    for (let round = 0; round < 2000; round++) {
      const length = random.below(2) ? 4 : 16;
      const flow = { saddr: address(length), daddr: address(length), sport: port(), dport: port() };
      const id = idOf(communityId, flow);
      assert.equal(id, expected(flow));
      if (random.below(2)) assert.equal(idOf(communityId, turned(flow)), id);
      seen.add(id);
    }
    assert.ok(seen.size > 100, String(seen.size));
  });
});
