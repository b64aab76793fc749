//! Names of values.

/// A type whose values have names in the API.
pub trait Named: Copy + 'static {
    /// Every value, in order.
    const ALL: &'static [Self];

    /// The name that requests and answers use.
    fn name(self) -> &'static str;

    /// The value of this name.
    fn of_name(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == text)
    }

    /// Every name, in order.
    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|one| one.name()).collect()
    }
}
