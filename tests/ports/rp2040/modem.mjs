// The line of a UART over TCP, by RFC 2217: what a client says to the port is answered, the rest is data.
// A client that speaks it knows that the line holds nobody back.

const COMMAND = 255;
const PART = 250;
const PART_END = 240;
const WILL = 251;
const DO = 253;
const DONT = 254;
const COM_PORT = 44;
const ANSWER = 100;

// What goes to a client, so that no byte of it is a command.
export function escaped(data) {
  return Buffer.from([...data].flatMap((byte) => (byte === COMMAND ? [byte, byte] : [byte])));
}

// Takes what a client sends: `toChip` gets the data, `toClient` the answers.
export function listen(toChip, toClient) {
  let rest = [];
  // How much the next byte or command takes; 0 when it is not whole.
  const next = () => {
    if (rest[0] !== COMMAND) return 1;
    if (rest.length < 2) return 0;
    if (rest[1] === PART) {
      for (let at = 2; at + 1 < rest.length; at++) {
        if (rest[at] === COMMAND && rest[at + 1] === PART_END) return at + 2;
        if (rest[at] === COMMAND) at++;
      }
      return 0;
    }
    const length = rest[1] >= WILL && rest[1] <= DONT ? 3 : 2;
    return rest.length < length ? 0 : length;
  };
  const answer = ([, verb, option, number, ...value]) => {
    if (verb === WILL) toClient([COMMAND, DO, option]);
    if (verb === DO) toClient([COMMAND, WILL, option]);
    if (verb !== PART || option !== COM_PORT) return;
    toClient([COMMAND, PART, COM_PORT, number + ANSWER, ...value]);
  };
  return (data) => {
    rest.push(...data);
    const bytes = [];
    for (let length = next(); rest.length && length; length = next()) {
      const taken = rest.splice(0, length);
      if (taken[0] !== COMMAND) bytes.push(taken[0]);
      else if (taken[1] === COMMAND) bytes.push(COMMAND);
      else answer(taken);
    }
    if (bytes.length) toChip(bytes);
  };
}
