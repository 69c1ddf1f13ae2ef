/**
 * What production refuses as a setting: sandboxes, addresses that only this machine has, secrets that anybody can read
 * in this repository. Each function gives the reason, or undefined when the value is fine; none repeats the value.
 */
import { BlockList, isIP } from 'node:net';

/** Shared by the gateway and the subgraphs: passports are signed with it. */
export const DEVELOPMENT_INTERNAL_SECRET = 'guichet-development-internal-secret';
export const DEVELOPMENT_STRIPE_KEY = 'sk_test_guichet';
export const DEVELOPMENT_WEBHOOK_SECRET = 'whsec_guichet_development';
/** Of the role `guichet`, on the embedded PostgreSQL and in the containers of the development profile. */
export const DEVELOPMENT_DATABASE_PASSWORD = 'guichet';

const DEVELOPMENT_SECRETS = [DEVELOPMENT_INTERNAL_SECRET, DEVELOPMENT_STRIPE_KEY, DEVELOPMENT_WEBHOOK_SECRET];
/** Names of the sandboxes in docker-compose.yml. */
const SANDBOXES = ['stripe-sandbox', 'mailbox'];
/** Names that never lead anywhere on the Internet (RFC 2606, RFC 6761). */
const RESERVED_NAME = /(^|\.)(localhost|test|example|invalid|example\.(com|net|org))$/;

const thisMachine = new BlockList();
thisMachine.addSubnet('127.0.0.0', 8, 'ipv4');
thisMachine.addSubnet('0.0.0.0', 8, 'ipv4');
thisMachine.addAddress('::', 'ipv6');
thisMachine.addAddress('::1', 'ipv6');

export const SHORTEST_SECRET = 16;

/** Why a secret is refused. A variant of a known one, such as `sk_test_guichet_sandbox`, is as well known. */
export function secretFault(secret: string): string | undefined {
  if (DEVELOPMENT_SECRETS.some(known => secret.startsWith(known))) {
    return 'is the one for development, which anybody can read in the source';
  }
  return secret.length < SHORTEST_SECRET ? `needs at least ${SHORTEST_SECRET} characters` : undefined;
}

/** Why the address of a database is refused. */
export function databaseFault(url: string): string | undefined {
  return URL.parse(url)?.password === DEVELOPMENT_DATABASE_PASSWORD
    ? 'has the password for development, which anybody can read in the source'
    : undefined;
}

/** Why an address that is handed to clients is refused. */
export function publicUrlFault(url: string): string | undefined {
  if (!/^https?:/i.test(url)) return 'is not an HTTP address';
  return hostFault(url);
}

/** Why the address of a mail server is refused. */
export function mailServerFault(url: string): string | undefined {
  if (!/^smtps?:/i.test(url)) return 'is not an SMTP address';
  return hostFault(url);
}

/** Why the sender of mail, `Name <address>` or the address alone, is refused. */
export function senderFault(sender: string): string | undefined {
  const [, domain] = /@([^@<>\s]+)>?\s*$/.exec(sender) ?? [];
  if (!domain) return 'holds no email address';
  return RESERVED_NAME.test(domain.toLowerCase()) ? 'is in a domain that takes no mail' : undefined;
}

/** Why the host of an address is refused. */
export function hostFault(url: string): string | undefined {
  const host = hostOf(url);
  if (!host) return undefined;
  const family = isIP(host);
  if (family ? thisMachine.check(host, family === 6 ? 'ipv6' : 'ipv4') : /(^|\.)localhost$/.test(host)) {
    return 'leads to the machine itself';
  }
  if (SANDBOXES.includes(host.split('.')[0]!)) return 'leads to a sandbox';
  return RESERVED_NAME.test(host) ? 'leads to a name that is reserved for examples' : undefined;
}

/** URL brings only the hosts of well-known schemes into one form, `smtp://LOCALHOST.` and `smtp://127.1` not. */
function hostOf(url: string): string | undefined {
  const given = URL.parse(url)?.hostname;
  const host = given && URL.parse(`http://${given}`)?.hostname;
  return host ? host.replace(/^\[|\]$/g, '').replace(/\.$/, '') : undefined;
}
