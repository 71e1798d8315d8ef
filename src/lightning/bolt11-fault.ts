/** Why a text is no invoice that may be paid; the API and the CLI turn each into a problem code. */
export type Bolt11Fault =
  /** Longer than 7,089 characters, the most that a QR code holds. */
  | 'too_long'
  /** Shorter than a timestamp and a signature. */
  | 'too_short'
  /** No bech32 text that begins with `ln`; also LNURL and BOLT 12, which have rooms of their own. */
  | 'not_bolt11'
  | 'mixed_case'
  | 'bad_checksum'
  | 'unknown_network'
  /** Not a number, zero, a fraction of a msat, or more than all bitcoin. */
  | 'bad_amount'
  | 'bad_multiplier'
  /** A field that runs past the end, has the wrong length, needless zeros, or holds no valid value. */
  | 'bad_field'
  /** No `p`, no `s`, or neither `d` nor `h`. */
  | 'missing_field'
  /** Both `d` and `h`, or more than one `p`. */
  | 'conflicting_fields'
  | 'unknown_required_feature'
  | 'bad_signature';

export interface Faulty {
  readonly kind: 'fault';
  readonly fault: Bolt11Fault;
  /** One English sentence for people, without a final stop. Holds no raw text of the invoice. */
  readonly detail: string;
}

export const faulty = (fault: Bolt11Fault, detail: string): Faulty => ({ kind: 'fault', fault, detail });
