// A serial line over TCP, by RFC 2217: what a client says to the port is answered, the rest is data.
// To `ucli` such a line is one that holds nobody back.

const COMMAND = 255;
const PART = 250;
const PART_END = 240;
const WILL = 251;
const DO = 253;
const DONT = 254;
const COM_PORT = 44;
const ANSWER = 100;
const SET_RATE = 1;
const SET_CONTROL = 5;
const DTR_ON = 8;
const DTR_OFF = 9;

// What goes to a client, so that no byte of it is a command.
export function escaped(data) {
  return Buffer.from([...data].flatMap((byte) => (byte === COMMAND ? [byte, byte] : [byte])));
}

// Takes what a client sends: `toChip` gets the data, `toClient` the answers, `toLine` what is set: the rate or a line.
export function listen(toChip, toClient, toLine) {
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
  const answer = ([, verb, option, number, ...content]) => {
    if (verb === WILL) toClient([COMMAND, DO, option]);
    if (verb === DO) toClient([COMMAND, WILL, option]);
    if (verb !== PART || option !== COM_PORT) return;
    const end = content.splice(-2);
    // A 255 in a value is sent twice.
    const value = content.filter((byte, at) => byte !== COMMAND || content[at - 1] !== COMMAND);
    if (number === SET_RATE) toLine({ rate: Buffer.from(value).readUInt32BE() });
    if (number === SET_CONTROL && value[0] === DTR_ON) toLine({ dtr: true });
    if (number === SET_CONTROL && value[0] === DTR_OFF) toLine({ dtr: false });
    toClient([COMMAND, PART, COM_PORT, number + ANSWER, ...content, ...end]);
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
