// Tries what the request's role names, and denies the job with what it got.

const MIB = 1 << 20;

const greedy = (kept) => {
  for (;;) kept.push(new Uint8Array(MIB).fill(1));
};

const polite = () => {
  const kept = [];
  try {
    greedy(kept);
  } catch (error) {
    const taken = kept.length;
    kept.length = 0;
    return taken < 32 ? 'less than 32 MiB' : `${taken} MiB`;
  }
};

const ATTEMPTS = {
  'read-file': () => require('fs').readFileSync('/etc/passwd'),
  'load-module': () => std.loadFile('/etc/passwd'),
  'list-folder': () => os.readdir('/'),
  connect: () => fetch('http://127.0.0.1/'),
  socket: () => new WebSocket('ws://127.0.0.1/'),
  clock: () => Date.now(),
  'monotonic-clock': () => performance.now(),
  'time-zone': () => new Date(0).getTimezoneOffset(),
  sleep: () => setTimeout(() => {}, 1000),
  environment: () => process.env,
  arguments: () => scriptArgs,
  'pseudo-random': () => [Math.random(), Math.random(), Math.random()],
  'system-random': () => crypto.getRandomValues(new Uint8Array(8)),
  thread: () => new Worker('plugin.js'),
  wait: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000),
  'machine-code': () => new WebAssembly.Memory({ initial: 1 }),
  'standard-output': () => console.log('x'),
  'four-gigabytes': () => new ArrayBuffer(4 * 1024 * MIB),
  'one-gigabyte': () => new ArrayBuffer(1024 * MIB),
  'memory-politely': polite,
};

export const routing = {
  route({ role }) {
    if (role === 'memory') greedy([]);
    try {
      return { tag: 'deny', val: `got ${ATTEMPTS[role]()}` };
    } catch (error) {
      return { tag: 'deny', val: `${error}` };
    }
  },
};
