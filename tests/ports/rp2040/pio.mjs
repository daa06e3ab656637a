// The time of the machines for pins. rp2040js lets them run beside the processor, an instruction at a time whatever
// their clock and their delays are; here each takes the cycles of its divider and its delays, in step with the
// processor.

export function takeOver(mcu) {
  for (const pio of mcu.pio) {
    pio.run = () => {};
    // What an instruction that the processor gives does to pins is seen at once.
    const write = pio.writeUint32.bind(pio);
    pio.writeUint32 = (offset, value) => {
      write(offset, value);
      pio.checkChangedPins();
    };
    for (const machine of pio.machines) machine.credit = machine.seen = 0;
  }
  return {
    isRunning: () => mcu.pio.some((pio) => !pio.stopped),
    // Lets them do what they do in so many cycles of the processor.
    advance(cycles) {
      for (const pio of mcu.pio) {
        if (pio.stopped) continue;
        for (const machine of pio.machines) {
          if (!machine.enabled) {
            machine.credit = 0;
            machine.seen = machine.cycles;
            continue;
          }
          machine.credit += cycles;
          const divider = (machine.clockDivInt || 65536) + machine.clockDivFrac / 256;
          for (;;) {
            // A pin that changes lets a machine go on at once, and its delay begins.
            machine.credit -= divider * (machine.cycles - machine.seen);
            machine.seen = machine.cycles;
            if (machine.credit < divider) break;
            machine.step();
            pio.checkChangedPins();
            // A machine that waits takes a cycle to look.
            if (machine.cycles === machine.seen) machine.credit -= divider;
          }
        }
      }
    },
  };
}
