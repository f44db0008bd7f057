// The formats by name.

import type { ConnectionFormatName } from '../../config/connections_settings.js';
import { UserNames } from '../../host/user_names.js';
import { ConmonFormat } from './conmon.js';
import { EcsFormat } from './ecs.js';
import type { ConnectionFormat } from './format.js';
import { JsonFormat } from './json.js';
import { LognetFormat } from './lognet.js';
import { TextFormat } from './text.js';

/** @param hostname of this host */
export function formatOf(name: ConnectionFormatName, hostname: string): ConnectionFormat {
  const names = new UserNames();
  switch (name) {
    case 'text': return new TextFormat(names);
    case 'json': return new JsonFormat(names);
    case 'ecs': return new EcsFormat(names, hostname);
    case 'lognet': return new LognetFormat();
    case 'conmon': return new ConmonFormat(names);
  }
}
