//! `--exclude-newer`: a day or a moment after which nothing that was published counts.

use crate::error::{Code, Error, Result};

/// A moment in UTC, as `YYYY-MM-DDTHH:MM:SS`: text of one length, so that it compares like time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(String);

const FORM: &str = "dddd-dd-ddTdd:dd:dd";

/// Whether `text` has the form of the first letters of [`FORM`].
fn has_form(text: &str) -> bool {
    text.len() <= FORM.len()
        && text
            .bytes()
            .zip(FORM.bytes())
            .all(|(byte, form)| match form {
                b'd' => byte.is_ascii_digit(),
                other => byte == other,
            })
}

impl Moment {
    /// Reads `2026-01-31` (its end, in UTC) or `2026-01-31T12:00:00Z`.
    ///
    /// # Errors
    /// [`Code::Usage`] for anything else.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let number = |from: usize| text.get(from..from + 2)?.parse::<u32>().ok();
        let in_year = matches!((number(5), number(8)), (Some(1..=12), Some(1..=31)));
        let whole = text.strip_suffix('Z').unwrap_or(text);
        if text.len() == 10 && has_form(text) && in_year {
            return Ok(Self(format!("{text}T23:59:59")));
        }
        if whole.len() == FORM.len() && has_form(whole) && in_year {
            return Ok(Self(whole.to_string()));
        }
        Err(Error::new(
            Code::Usage,
            format!("`{}` is no date", crate::output::sanitise::line(text)),
        )
        .hint("`2026-01-31` and `2026-01-31T12:00:00Z` are; times are in UTC"))
    }

    /// Whether it is before what an index says of a file: `2024-05-01T12:34:56.789Z`.
    pub(crate) fn is_before(&self, published: &str) -> bool {
        let published = published.get(..FORM.len()).unwrap_or(published);
        has_form(published) && self.0.as_str() < published
    }

    /// Whether it is before the day of a tag, `20240501`.
    pub(crate) fn is_older_than_day(&self, tag: &str) -> bool {
        let day: String = self.0[..10].split('-').collect();
        day.as_str() < tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_at_midnight() {
        let day = Moment::parse("2024-05-01").unwrap();
        assert!(!day.is_before("2024-05-01T23:59:59.999Z"));
        assert!(day.is_before("2024-05-02T00:00:00Z"));
        assert!(!day.is_before("") && !day.is_before("soon"));
        assert!(day.is_older_than_day("20240502") && !day.is_older_than_day("20240501"));
        assert!(Moment::parse("2024-05-01T12:00:00Z").unwrap() < day);
        for text in [
            "",
            "2024",
            "2024-13-01",
            "2024-05-01T12",
            "01.05.2024",
            "2024-05-01 ",
        ] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
    }
}
