//! Times as file systems store them.

/// The day number (0 is 1970-01-01) of a date in the Gregorian calendar.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March, so that the leap day is the last.
    let year = if month > 2 { year } else { year - 1 };
    let shifted = (month + 9) % 12;
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * shifted + 2) / 5
        + day
        - 1
        - 719_468
}

/// Seconds since 1970 of a date and time of FAT.
pub(super) fn from_fat(stamp: u32) -> u64 {
    let (date, time) = (stamp >> 16, stamp & 0xffff);
    if date == 0 {
        return 0;
    }
    let days = day_number(
        1980 + i64::from(date >> 9),
        i64::from(date >> 5 & 15).clamp(1, 12),
        i64::from(date & 31),
    );
    let seconds = (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;
    days.max(0) as u64 * 86_400 + u64::from(seconds)
}

/// The date and time of FAT of nanoseconds since 1970; the first of 1980 for what is before.
pub(super) fn to_fat(ns: u64) -> u32 {
    let seconds = ns / 1_000_000_000;
    let days = (seconds / 86_400) as i64;
    let of_day = (seconds % 86_400) as u32;
    let mut year = 1970 + days / 366;
    while day_number(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && day_number(year, month + 1, 1) <= days {
        month += 1;
    }
    let day = days - day_number(year, month, 1) + 1;
    if !(1980..2108).contains(&year) {
        return 0x0021_0000;
    }
    let date = ((year - 1980) as u32) << 9 | (month as u32) << 5 | day as u32;
    date << 16 | (of_day / 3600) << 11 | (of_day / 60 % 60) << 5 | (of_day % 60 / 2)
}

#[cfg(test)]
mod tests {
    use super::{from_fat, to_fat};

    #[test]
    fn times_go_there_and_back() {
        for seconds in [
            315_532_800u64,
            951_782_400,
            1_700_000_000,
            1_709_164_800,
            4_000_000_000,
        ] {
            let even = seconds & !1;
            assert_eq!(from_fat(to_fat(seconds * 1_000_000_000)), even, "{seconds}");
        }
        assert_eq!(to_fat(0), 0x0021_0000);
    }
}
