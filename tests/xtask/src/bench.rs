//! Under construction.
pub(crate) fn run(_words: &[String]) -> crate::Result {
    Ok(())
}
