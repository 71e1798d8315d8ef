/** What each problem means and what to do about it: for `GET /v1/problems/{code}` and `argosy explain CODE`. */
import type { ProblemCode } from './problems.ts';

const AMOUNT =
  'Amounts are whole numbers above zero: over the API decimal strings of msat such as "25000000", at the command line sat, or msat with --msat.';
const DAMAGED =
  'Nothing was sent. Copy the whole invoice again, or ask the payee for a new one; if it keeps failing, the payee made it wrong.';
const DESCRIPTION =
  'A description is shown to the payer by software you do not know, so only plain text of one line, at most 639 bytes of UTF-8, goes into an invoice.';
const SAME_KEY =
  'The request may or may not have been carried out. Send the very same request with the same Idempotency-Key: it is carried out once, and you get its answer. Never send it with a new key.';

export const ADVICE: Readonly<Record<ProblemCode, string>> = {
  request_invalid:
    'The body, a header or the path differs from the schema in /v1/openapi.json; `field` names the first fault. Nothing was done.',
  idempotency_key_missing:
    'Requests that move money carry a key of your own choice, one per debt: an order number, say. It makes retries safe.',
  idempotency_key_reused:
    'The key belongs to another request. Repeat that one unchanged, or use a new key if this is a new debt.',
  cursor_invalid:
    'Cursors are opaque: take next_cursor of a page of the same list, or leave it out to begin anew.',
  not_found:
    'The path or the id does not exist here. Ids begin with what they are (pay_, inv_); /v1/openapi.json lists the paths.',
  unauthenticated: "Send `Authorization: Bearer KEY`. The owner's key is in owner.key in the data folder.",
  forbidden:
    'Each route needs a permission, named in /v1/openapi.json as x-permission; use a key that has it.',
  internal: `A fault of Argosy; the log has the details. ${SAME_KEY}`,
  database_unavailable: `Without its database Argosy sends nothing. ${SAME_KEY}`,
  command_invalid: 'See `argosy help`, or the command with --help.',
  outcome_unknown: SAME_KEY,
  amount_not_numeric: AMOUNT,
  amount_negative: AMOUNT,
  amount_fractional: AMOUNT,
  amount_zero: AMOUNT,
  amount_overflow: AMOUNT,
  amount_missing: 'The payee lets you choose: name the amount (amount_msat; at the command line --amount).',
  amount_mismatch: 'An invoice with an amount is paid with exactly that amount; leave amount_msat out.',
  invoice_malformed:
    'A BOLT11 invoice begins with lnbc, lntb, lntbs or lnbcrt. LNURLs, addresses and offers (lno...) are not invoices.',
  invoice_checksum: DAMAGED,
  invoice_signature: DAMAGED,
  invoice_wrong_network:
    'Coins of one network cannot pay on another. The practice fleet pays invoices that begin with lnbcrt.',
  invoice_unsupported:
    'The invoice insists on a feature that this version does not know; the payee may be able to issue a simpler one.',
  invoice_expired: 'Payees refuse payments of expired invoices; nothing was sent. Ask for a new one.',
  invoice_already_paid:
    'An invoice is paid once; `payment` names the payment that did. Nothing was sent again.',
  payment_in_progress:
    'Another payment of the same invoice has not ended; `payment` names it. Wait for its end; do not pay in another way meanwhile.',
  invoice_own:
    'Payer and payee are the same account of this Argosy, so nothing would move. Have it paid from another account or from outside.',
  invoice_own_unpayable:
    "The invoice is this fleet's own, and expired, cancelled, or not the text that was issued for its hash.",
  description_control_characters: DESCRIPTION,
  description_bidi_characters: DESCRIPTION,
  description_too_long: DESCRIPTION,
  description_malformed: DESCRIPTION,
  expiry_invalid: 'Invoices last between a second and a year; an hour is usual.',
  no_receiver:
    'To receive, a node needs inbound liquidity: balance on the far side of its channels. Ask for less, or spend first, or open more channels.',
  insufficient_balance:
    'The amount and the whole fee limit are set aside before anything is sent. Lower the fee limit or the amount, or wait for what is held by payments under way.',
  account_unknown:
    'Accounts are own:business and customer:NAME; GET /v1/accounts lists them, POST opens one.',
  account_exists: 'Use the account that is there, or another name.',
  account_name_invalid:
    'Names are 1 to 40 lower-case letters, digits and dashes, and do not begin with a dash.',
  region_unknown: 'A preferred region must be one where an own node is; see `argosy nodes`.',
  node_unavailable:
    'The node does not answer or belongs to another Argosy process. Payments under way at it stay as they are until it is back.',
  sending_stopped:
    'Somebody has thrown the panic switch; `argosy panic status` tells who, when and why. Receiving goes on, and payments under way end. `argosy panic off` ends it.',
  history_missing:
    'The database is a copy, or was put back to an earlier state: what was paid since is known to the nodes alone. Until every node has told it, nothing is sent, so that nothing is paid twice; receiving goes on. `argosy nodes` says who is missing. Without a node that is gone for good it goes on after `argosy node go-on-without`.',
  exposure_cap:
    'The cap of each node is `exposure_sat_max` in the configuration; `argosy nodes` shows what each holds. Receive at another node, or take coins off this one.',
  node_drained:
    '`argosy nodes` tells who drained it and why; `argosy node resume` ends that. Channels of a node that was drained by hand can be closed.',
  chain_order_failed:
    'It is proven that nothing was done: mend what the message names, and order it again with a new key.',
  channel_unknown:
    '`argosy nodes --json` lists the channels of each node, by the ids that its daemon gives them.',
  peer_malformed:
    'A public key has 66 hex digits and begins with 02 or 03. What is often written behind it, @HOST:PORT, goes into `host`.',
  address_malformed:
    'Nothing was sent. Copy the whole address again; what begins with ln is an invoice and is paid with `argosy pay`.',
  address_wrong_network:
    'Nothing was sent: coins of one network cannot be had on another. Ask for an address of the network of this fleet.',
  amount_not_for_chain:
    'The chain knows whole sat, refuses to pass on less than 546 sat, and nodes open no channel below 20,000 sat.',
  coins_insufficient:
    'Channels are opened, and coins sent, out of the wallet of that one node. Fees come on top, and some stay as a reserve for its channels.',
  node_exists: 'Give it another name, or see the one that is there with `argosy nodes`.',
  practice_person_unknown: 'See `argosy practice people`.',
  practice_node_unknown: 'Only own nodes can be broken and healed; see `argosy nodes`.',
  folder_other_world:
    'A practice world is kept in the data folder, with its seed. `argosy practice reset` forgets it, and its books.',
  practice_channel_refused:
    'Whoever opens a channel pays for it with coins; see `argosy practice balances` for coins and channels.',
  practice_payment_failed:
    'A person of the practice world could not pay; `reason` says why. Their coins are limited, too.',
  practice_coins_invalid:
    'The faucet pays whole sat, 1,000 or more, to any address of regtest; those begin with bcrt1.',
  practice_faucet_dry: 'It lives on the coinbases, which ripen for 100 blocks: `argosy practice mine 100`.',
  node_unknown: '`argosy nodes` lists the own nodes.',
  node_credentials_invalid:
    'An lndconnect URI has all of them; else HOST:PORT of the gRPC, tls.cert, and a macaroon file. Nothing was stored.',
  node_check_failed:
    '`checks` lists what was looked at; each line that failed says how to mend it. Nothing was stored.',
  node_credentials_elsewhere:
    'argosy.yaml says where they lie: change them there and start Argosy again, or let it say `credentials: vault`.',
  node_in_use:
    'Drain it (`argosy node drain`), and wait until its payments have ended. What it holds stays in the books, unproven, once it is gone: move it first, or say that you know (`--yes`).',
  node_rotation_pending:
    'Until the node shows the new certificate both stay pinned. To give the new one up, rotate to another one, or remove the node and add it again.',
  fleet_is_own:
    'People, doors, faults and mining belong to the practice fleet. Start one beside: without nodes: in its argosy.yaml, with a data folder of its own.',
  fleet_is_practice:
    'The practice fleet has the nodes that it has. An own fleet begins with `nodes: []` in argosy.yaml, a database and a data folder of its own.',
  config_invalid: 'See argosy.example.yaml for every key; flags and environment win over the file.',
  config_unknown_key:
    'Unknown keys are refused, since a typo would otherwise change nothing, unnoticed. See argosy.example.yaml.',
  network_refused:
    'An own fleet runs on regtest, signet or testnet, the practice fleet on regtest. Mainnet is refused until what protects real money has landed.',
  listen_address_in_use:
    'Stop what listens there, or choose another address with --listen; port 0 takes a free one.',
  folder_in_use:
    'One process at a time uses a data folder: its books would not survive two. Use that Argosy, stop it, or choose another folder.',
  folder_newer: 'Start the newer Argosy again; an older one would not understand what it finds.',
  folder_unusable: 'The data folder must be a directory that this user can read and write.',
  folder_of_own_fleet:
    'It holds the key of the vault, and perhaps the books of real nodes: no command forgets those. The practice fleet wants a data folder of its own.',
  vault_key_unusable:
    'The key is 32 bytes in hex, in ARGOSY_VAULT_KEY, in vault.key_file, or made once as vault.key in the data folder; only its owner may read it.',
  vault_other_key:
    'Bring back the key that sealed the credentials. Where it is lost they are, too: give another database, or remove the rows of node_credentials and add the nodes again.',
  database_binary_missing:
    'Install the optional dependencies, or give the URL of a PostgreSQL 15 or newer (database.url).',
  database_other_version:
    'PostgreSQL does not read files of another major version. Start the Argosy that made them, or choose another data folder.',
  database_not_started:
    'The reason follows the message; the log is in the data folder. A PostgreSQL by URL works as well.',
  database_unreachable:
    'See that the PostgreSQL of database.url runs, that its address, port and password are right, and that this machine may reach it. Argosy has waited for it for some seconds.',
  database_not_empty:
    'A fleet and its books belong together: the practice fleet and your own never share a database, nor do two practice worlds. ' +
    '`argosy practice reset` forgets a practice world with its books where the database is the embedded one; else give an empty one.',
  database_history_changed:
    'An applied migration is never edited. Restore the file, or the version of Argosy that was there before.',
  database_newer: 'Start the newer Argosy, or give this one another database.',
  starting: 'It listens before it can answer. Nothing was done; ask again in some seconds.',
  stopping:
    'It ends what it has begun, and takes nothing new. Nothing was done; another `argosy serve` answers, or this one when it is back.',
  not_shared:
    '`argosy serve` and `argosy work` share a PostgreSQL (database.url), the key of the vault (ARGOSY_VAULT_KEY or vault.key_file) and own nodes (nodes:), and no data folder. Everything in one process: `argosy up`.',
  server_unreachable: 'Start one with `argosy up`, or name it with ARGOSY_API and ARGOSY_KEY.',
};
