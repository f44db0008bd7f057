// nginx as the benches want it: one worker in the foreground, files of its own, the same short answer to everything.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface NginxOptions {
  /** for its process number and what it may have to put aside */
  readonly directory: string;
  /** address and port */
  readonly listen: string;
  /** connections at one time: short of them, it would close idle ones */
  readonly connections: number;
  /** file for its errors */
  readonly errorLog: string;
  /** further directives of `http`, each with its semicolon; default none */
  readonly http?: string;
}

/** Writes the configuration to the directory, which it makes. @returns its path */
export function writeNginxConfiguration({ directory, listen, connections, errorLog, http = '' }: NginxOptions): string {
  mkdirSync(join(directory, 'tmp'), { recursive: true });
  const path = join(directory, 'nginx.conf');
  writeFileSync(path, `
daemon off; worker_processes 1; pid ${directory}/nginx.pid; error_log ${errorLog};
events { worker_connections ${connections}; }
http {
  access_log off; ${http}
  client_body_temp_path ${directory}/tmp; proxy_temp_path ${directory}/tmp; fastcgi_temp_path ${directory}/tmp;
  uwsgi_temp_path ${directory}/tmp; scgi_temp_path ${directory}/tmp;
  server { listen ${listen} backlog=4096; location / { default_type text/plain; return 200 "an answer of some length\\n"; } }
}
`);
  return path;
}
