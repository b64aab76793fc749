//! Enums whose values have names in the API.

use strum::VariantArray;

/// An enum whose values have names in the API. Every `Copy` enum that derives strum's `IntoStaticStr` and
/// `VariantArray` implements this trait.
pub trait NamedEnum: Copy + Into<&'static str> + VariantArray + 'static {
    /// Every value, in the order of declaration.
    fn all_values() -> &'static [Self] {
        Self::VARIANTS
    }

    /// The value's name in requests and responses.
    fn value_name(self) -> &'static str {
        self.into()
    }

    /// The value with this name. `None` for other text.
    fn from_name(text: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|one| one.value_name() == text)
    }

    /// The names of all values, in the order of declaration.
    fn all_names() -> Vec<&'static str> {
        Self::VARIANTS.iter().map(|one| one.value_name()).collect()
    }
}

impl<T: Copy + Into<&'static str> + VariantArray + 'static> NamedEnum for T {}
