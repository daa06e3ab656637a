//! dbg
#![allow(clippy::all, missing_docs)]
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let flash = std::fs::read(&args[1]).unwrap_or_default();
    let mut c = esp32c3::Chip::new(esp32c3::rom::find().unwrap(), &flash);
    c.boots_low = args.get(2).is_some_and(|a| a == "dl");
    c.reset(esp32c3::Reset::Power);
    for i in 0..400 {
        let st = c.run(20000);
        let out = c.take_sent();
        print!("{}", String::from_utf8_lossy(&out));
        if i % 20 == 0 {
            println!("[{i} pc {:08x} {st:?} us {}]", c.pc(), c.now_us());
        }
        if let esp32c3::State::Waiting(u) = st {
            let n = c.now_us();
            c.pass(u.map_or(1000, |u| u.saturating_sub(n) + 1));
        }
    }
}
