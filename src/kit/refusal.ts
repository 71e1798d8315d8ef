/** An expected reason not to start: nothing was changed. `detail` is a sentence with the place and the way out. */
export interface Refusal<Code extends string> {
  readonly kind: 'refused';
  readonly code: Code;
  readonly detail: string;
}

export const refusal = <Code extends string>(code: Code, detail: string): Refusal<Code> => ({
  kind: 'refused',
  code,
  detail,
});
