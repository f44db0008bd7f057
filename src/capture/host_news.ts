// What the kernel has to tell of the host while a capture runs: its links and addresses.

import { type Link, listLinks } from '../host/links.js';
import { RTM, RTMGRP, RouteSocket } from '../host/route_socket.js';
import type { LocalWatch } from './local_watch.js';
import type { CaptureReport } from './messages.js';

/** Changes of links and addresses come in swarms: at most one look this often. */
const NEWS_MS = 100;
/** When to look again after that failed. */
const LOOK_AGAIN_MS = 30_000;

export class HostNews {
  /** as of the last look */
  links: Link[] = [];
  private readonly news = new RouteSocket(RTMGRP.LINK | RTMGRP.IPV4_IFADDR | RTMGRP.IPV6_IFADDR);
  private readonly asking = new RouteSocket(0);
  private linksChanged = true;
  private addressesChanged = true;
  private nextLookMs = 0;

  /** @param local is kept up to date */
  constructor(private readonly local: LocalWatch, private readonly report: CaptureReport) {}

  /** Readable when there are news. */
  get fd(): number {
    return this.news.fd;
  }

  /** When to look at what has changed; Infinity when nothing has. */
  get dueMs(): number {
    return this.linksChanged || this.addressesChanged ? this.nextLookMs : Infinity;
  }

  /** Reads what has changed. */
  hear(): void {
    const complete = this.news.readNotifications((type) => {
      if (type === RTM.NEWLINK || type === RTM.DELLINK) this.linksChanged = true;
      if (type === RTM.NEWADDR || type === RTM.DELADDR) this.addressesChanged = true;
    });
    if (!complete) this.linksChanged = this.addressesChanged = true;
  }

  /** Looks at what has changed. @throws Error when the kernel does not tell */
  look(): void {
    if (this.linksChanged) this.links = listLinks(this.asking);
    this.local.refresh(this.asking, this.links);
    this.linksChanged = this.addressesChanged = false;
  }

  /** The same while the capture runs: what fails is reported, and tried again. */
  lookAgain(nowMs: number): void {
    this.nextLookMs = nowMs + NEWS_MS;
    try {
      this.look();
    } catch (error) {
      this.nextLookMs = nowMs + LOOK_AGAIN_MS;
      const reason = error instanceof Error ? error.message : String(error);
      this.report({ type: 'warning', text: `interfaces and addresses may have changed unseen: ${reason}; trying again` });
    }
  }

  /** Looks at all links, whatever was heard. */
  lookAtLinks(nowMs: number): void {
    this.linksChanged = true;
    this.lookAgain(nowMs);
  }

  close(): void {
    this.news.close();
    this.asking.close();
  }
}
