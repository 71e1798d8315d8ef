const LEAVE_MS = 1_000;

/** Everything is stopped: whatever still keeps the process is not worth waiting for. */
export const leaveSoon = (): void => void setTimeout(() => process.exit(), LEAVE_MS).unref();
