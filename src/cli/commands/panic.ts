/** `panic`: stop all sending, at once and everywhere. */
import type { Command } from 'commander';
import { printable } from '../../lightning/text.ts';
import type { Panic } from '../../sdk/index.ts';
import type { Output } from '../output.ts';
import type { Run, Session } from '../session.ts';
import { timeText } from '../words.ts';

export function addPanic(program: Command, run: Run): void {
  const panic = program
    .command('panic')
    .description('The switch that stops all sending; receiving goes on, and so does what is under way');
  panic
    .command('on')
    .description(
      'Stop all sending, in every Argosy on the database; exits with 3 while a node has not answered',
    )
    .option('--reason <text>', 'why, for whoever finds it on')
    .action(run(stop));
  panic.command('off').description('Let payments go on').action(run(start));
  panic
    .command('status', { isDefault: true })
    .description('Whether it is on, since when, by whom and why')
    .action(run(status));
}

async function stop({ connect, output, hint }: Session, { reason }: { reason?: string }) {
  const panic = await (await connect()).stopSending(reason);
  output.show(panic, () => [...panicLines(panic, output), `To end it: ${hint('panic off')}`]);
  return panic.waiting_for.length === 0 ? (0 as const) : (3 as const);
}

async function start({ connect, output }: Session) {
  const panic = await (await connect()).resumeSending();
  output.show(panic, () => panicLines(panic, output));
  return 0 as const;
}

async function status({ connect, output, hint }: Session) {
  const panic = await (await connect()).panic();
  const way = panic.on ? [`To end it: ${hint('panic off')}`] : [];
  output.show(panic, () => [...panicLines(panic, output), ...way]);
  return 0 as const;
}

/** What everybody who looks at the fleet should see. */
export function panicLines({ on, reason, principal, at, waiting_for }: Panic, { paint }: Output): string[] {
  const since = at === null ? '' : `, since ${timeText(at)} by ${printable(principal ?? 'somebody')}`;
  if (!on) return [`${paint('green', '✓ sending')}: payments go out${since}`];
  const why = reason === null ? '' : `: ${printable(reason, 200)}`;
  const stopped = `${paint('red', '✗ ALL SENDING IS STOPPED')}${since}${why}`;
  if (waiting_for.length === 0) return [stopped];
  const nodes = waiting_for.join(', ');
  return [
    stopped,
    `${paint('yellow', '? not proven yet')}: ${nodes} got a part before the switch, and has not answered; what was handed over may still leave.`,
  ];
}
