import assert from 'node:assert/strict';
import { containerId, ContainerIds } from '../../src/host/container_id.js';

const ID = '0123456789abcdef'.repeat(4);

/** Paths of control groups as engines make them, and the container's name. */
const PATHS: readonly (readonly [string, string, string])[] = [
  ['docker, cgroup v1', `12:memory:/docker/${ID}\n11:cpu:/docker/${ID}\n`, ID],
  ['docker, systemd', `0::/system.slice/docker-${ID}.scope\n`, ID],
  ['docker, a group inside of it', `0::/system.slice/docker-${ID}.scope/init\n`, ID],
  ['kubernetes with cgroupfs', `5:cpu:/kubepods/burstable/pod5a2c/${ID}\n`, ID],
  ['kubernetes with containerd', `0::/kubepods.slice/kubepods-pod5a2c.slice/cri-containerd-${ID}.scope\n`, ID],
  ['kubernetes with CRI-O', `0::/kubepods.slice/kubepods-pod5a2c.slice/crio-${ID}.scope\n`, ID],
  ['containerd without systemd driver', `0::/kubepods-burstable-pod5a2c.slice:cri-containerd:${ID}\n`, ID],
  ['podman', `0::/machine.slice/libpod-${ID}.scope/container\n`, ID],
  ['podman without root', `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope\n`, ID],
  ['ECS on Fargate', `4:cpu:/ecs/5c9e6c6e/0123456789abcdef0123456789abcdef-1234567\n`, '0123456789abcdef0123456789abcdef-1234567'],
  ['LXC, old', '3:cpu:/lxc/web1\n', 'web1'],
  ['LXC', '0::/lxc.payload.web-2/system.slice/nginx.service\n', 'web-2'],
  ['systemd-nspawn', '0::/machine.slice/systemd-nspawn@builder.service/payload\n', 'builder'],
  ['a machine of machined', '0::/machine.slice/machine-fedora\\x2d40.scope\n', 'fedora-40'],
  ['none', '0::/system.slice/sshd.service\n', ''],
  ['none at all', '0::/\n', ''],
  ['the monitor beside a container', `0::/machine.slice/libpod-conmon-${ID}.scope\n`, ''],
  ['a name too short for an id', `0::/docker/${ID.slice(1)}\n`, ''],
  ['a name too long for an id', `0::/docker/${ID}0\n`, ''],
  ['upper case is no id', `0::/docker/${ID.toUpperCase()}\n`, ''],
];

describe('the container of a process', () => {
  for (const [name, text, id] of PATHS) it(`is known by its control groups: ${name}`, () => assert.equal(containerId(text), id));

  it('is remembered by bytes, of which any may come', () => {
    const ids = new ContainerIds();
    const bytes = Buffer.from('0::/lxc/\xff\x01\n', 'latin1');
    assert.deepEqual([...ids.of(bytes)], [0xff, 1]);
    assert.equal(ids.of(bytes), ids.of(Uint8Array.from(bytes)));
  });
});
