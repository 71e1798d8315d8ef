/** Where the commands get a node's credentials from: a URI, files, or the person at the terminal. */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { cliProblem } from './problem.ts';

export interface CredentialOptions {
  readonly lndconnect?: string;
  readonly address?: string;
  readonly cert?: string;
  readonly macaroon?: string;
}

/** As the API takes them. */
export interface GivenCredentials {
  readonly lndconnect?: string;
  readonly address?: string;
  readonly certificates?: string[];
  readonly macaroon?: string;
}

/** @throws CliProblem command_invalid: a file cannot be read, or both ways are mixed */
export async function readCredentials(options: CredentialOptions): Promise<GivenCredentials> {
  const { lndconnect, address, cert, macaroon } = options;
  if (lndconnect !== undefined) {
    if (address !== undefined || cert !== undefined || macaroon !== undefined) {
      throw cliProblem(
        'command_invalid',
        '--lndconnect has all of it: leave --address, --cert and --macaroon out.',
      );
    }
    return { lndconnect: lndconnect === '-' ? (await text(process.stdin)).trim() : lndconnect };
  }
  return {
    ...(address === undefined ? {} : { address }),
    ...(cert === undefined ? {} : { certificates: [readFile('--cert', cert).toString('utf8')] }),
    ...(macaroon === undefined ? {} : { macaroon: macaroonOf(readFile('--macaroon', macaroon)) }),
  };
}

export const isEmpty = (options: CredentialOptions): boolean =>
  [options.lndconnect, options.address, options.cert, options.macaroon].every((each) => each === undefined);

/** LND writes them in binary; people paste them as hex. */
function macaroonOf(content: Buffer): string {
  const typed = content.toString('latin1').trim();
  return /^([0-9a-f]{2})+$/i.test(typed) ? typed.toLowerCase() : content.toString('hex');
}

function readFile(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw cliProblem('command_invalid', `${flag}: ${file} cannot be read; check the path and its rights.`);
  }
}
