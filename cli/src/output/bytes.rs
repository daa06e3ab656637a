//! Sizes, rates and times as people read them.

/// `1204` → `1,204 B`.
pub(crate) fn exact(len_bytes: u64) -> String {
    format!("{} B", grouped(len_bytes))
}

/// `1204` → `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `10134` → `10.1 kB` (powers of ten, as disk and line rates are told).
pub(crate) fn human(len_bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if len_bytes < 1000 {
        return format!("{len_bytes} B");
    }
    let mut tenths = len_bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Sizes as `tree -h` has always shown them: `1.2K` in powers of two.
pub(crate) fn human_binary(len_bytes: u64) -> String {
    const UNITS: [char; 4] = ['K', 'M', 'G', 'T'];
    if len_bytes < 1024 {
        return len_bytes.to_string();
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is printed")]
    let mut size = len_bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1}{}", UNITS[unit])
}

/// `0.2134 s` → `0.21 s`, `75 s` → `1 min 15 s`.
pub(crate) fn duration(time: std::time::Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 {
        return format!("{} min {} s", seconds / 60, seconds % 60);
    }
    format!("{:.2} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_grouped_and_scaled() {
        assert_eq!(exact(0), "0 B");
        assert_eq!(exact(999), "999 B");
        assert_eq!(exact(1_204), "1,204 B");
        assert_eq!(exact(1_500_000), "1,500,000 B");
        assert_eq!(human(999), "999 B");
        assert_eq!(human(1_000), "1.0 kB");
        assert_eq!(human(10_134), "10.1 kB");
        assert_eq!(human(999_999), "999.9 kB");
        assert_eq!(human(1_700_000), "1.7 MB");
        assert_eq!(human(u64::MAX), "18446744.0 TB");
        assert_eq!(human_binary(1023), "1023");
        assert_eq!(human_binary(1536), "1.5K");
    }
}
