//! Names of values.

use strum::VariantArray;

/// A type whose values have names in the API. Implemented by strum's derives `IntoStaticStr` and `VariantArray`.
pub trait Named: Copy + Into<&'static str> + VariantArray + 'static {
    /// Every value, in order.
    fn all() -> &'static [Self] {
        Self::VARIANTS
    }

    /// The name that requests and answers use.
    fn name(self) -> &'static str {
        self.into()
    }

    /// The value of this name.
    fn of_name(text: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|one| one.name() == text)
    }

    /// Every name, in order.
    fn names() -> Vec<&'static str> {
        Self::VARIANTS.iter().map(|one| one.name()).collect()
    }
}

impl<T: Copy + Into<&'static str> + VariantArray + 'static> Named for T {}
