//! `esp32c3 --flash FILE [--download] [--cut N] [--wire A,B[,C]] [--adc CHANNEL:MV] [--memory ADDRESS,CLOCK,DATA]`: an
//! ESP32-C3 on a board, until it is ended. It says where its serial lines are.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to the one who starts it"
)]

use std::process::ExitCode;

use esp32c3::{Board, Options};

fn main() -> ExitCode {
    let started = options(std::env::args().skip(1)).and_then(|options| Board::start(&options));
    match started {
        Ok(mut board) => {
            println!("{} {} {}", board.uart, board.modem, board.usb);
            board.wait();
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("esp32c3: {why}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--flash" => options.flash = value()?.into(),
            "--download" => options.downloads = true,
            "--cut" => options.cut_at = Some(number(&value()?)?),
            "--wire" => options.wires.push(numbers(&value()?)?),
            "--adc" => {
                let value = value()?;
                let (channel, input) = value.split_once(':').ok_or("--adc CHANNEL:MILLIVOLTS")?;
                let channel: usize = number(channel)?;
                *options
                    .inputs_mv
                    .get_mut(channel)
                    .ok_or("channels are 0 to 4")? = number(input)?;
            }
            "--memory" => match numbers(&value()?)?[..] {
                [address, clock, data] => options.memory = Some((address, clock, data)),
                _ => return Err("--memory ADDRESS,CLOCK,DATA".into()),
            },
            _ => return Err(format!("`{word}` is no option")),
        }
    }
    Ok(options)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn numbers(text: &str) -> Result<Vec<u8>, String> {
    text.split(',').map(number).collect()
}
