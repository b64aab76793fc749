//! Search by the beginnings of words, case and accents ignored (spec section 3).
//!
//! A lead's index words: every word of its name, e-mail, phones, company, position and location. A phone's digits stand
//! twice, as they are and backwards behind `~`, so that its last digits are the beginning of a word too.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Lead;

/// Index words of one lead: more would not fit one transaction. The first fields win, text last.
const MAX_WORDS: usize = 60;
/// Longest index word, in characters; longer ones are cut, in queries too.
const MAX_LENGTH: usize = 64;
/// Fewest digits that are looked for at the end of a phone number.
const MIN_SUFFIX: usize = 4;

fn fold(text: &str) -> String {
    let plain: String = text.nfkd().collect();
    plain.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c)).collect()
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_LENGTH).collect()
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn backwards(digits: &str) -> String {
    std::iter::once('~').chain(digits.chars().rev()).collect()
}

/// The words of a text: what stands between spaces, and the parts of what has punctuation inside (`jean-luc`, `luc`).
fn text_words(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(text);
    let whole: Vec<String> = folded.split_whitespace().map(|w| trimmed(w).to_owned()).collect();
    let parts = |word: String| -> Vec<String> {
        let inner = word.split(|c: char| !c.is_alphanumeric()).skip(1).map(str::to_owned);
        std::iter::once(word.clone()).chain(inner).collect()
    };
    whole.into_iter().flat_map(parts).filter(|word| !word.is_empty()).map(|word| cut(&word))
}

/// A lead's index words, each with whether other words of a search can be looked up beside it.
///
/// Words of text carry [`IndexWords::text`]; those of the e-mail and the phones carry nothing, so that a new name
/// rewrites fewer entries: what they lead to is checked against the lead itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexWords {
    /// Of name, company, position and location.
    pub of_text: BTreeSet<String>,
    /// Of e-mail and phones, those in `of_text` excepted.
    pub bare: BTreeSet<String>,
}

impl IndexWords {
    /// Every word, once.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.of_text.iter().chain(&self.bare)
    }

    /// All words in one text, each after a space and with one at the end: ` doe` is in it when one begins so.
    pub fn text(&self) -> String {
        self.all().fold(String::from(" "), |text, word| text + word + " ")
    }
}

/// The index words of a lead, at most 60.
pub fn index_words(lead: &Lead) -> IndexWords {
    let mut words = IndexWords { of_text: BTreeSet::new(), bare: BTreeSet::new() };
    let mut room = MAX_WORDS;
    let mut add = |set: fn(&mut IndexWords) -> &mut BTreeSet<String>, word: String| {
        if room > 0 && !words.of_text.contains(&word) && set(&mut words).insert(word) {
            room -= 1;
        }
    };
    let names = [&lead.first_name, &lead.last_name].map(|name| text_words(name)).into_iter().flatten();
    names.for_each(|word| add(|words| &mut words.of_text, word));
    let email = fold(lead.email.as_str());
    let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default();
    let phones = lead.phone_number.iter().map(|phone| digits(&fold(phone))).filter(|digits| !digits.is_empty());
    let phones = phones.flat_map(|digits| [backwards(&digits), digits]);
    [email, domain].into_iter().chain(phones).for_each(|word| add(|words| &mut words.bare, cut(&word)));
    let rest = [&lead.company, &lead.position, &lead.location].map(|text| text_words(text)).into_iter().flatten();
    rest.for_each(|word| add(|words| &mut words.of_text, word));
    words.bare.retain(|word| !words.of_text.contains(word));
    words
}

/// One word of a search: a lead has it when any of its index words begins with any of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term(pub Vec<String>);

impl Term {
    fn of(token: &str) -> Option<Self> {
        // An address may begin with what is trimmed off other words.
        let word = cut(if token.contains('@') { token } else { trimmed(token) });
        let number = digits(token);
        let is_phone = !number.is_empty() && token.chars().all(|c| c.is_ascii_digit() || "+-().".contains(c));
        let mut forms = vec![word];
        if is_phone {
            forms.push(cut(&number));
            if number.len() >= MIN_SUFFIX {
                forms.push(cut(&backwards(&number)));
            }
        }
        forms.retain(|form| !form.is_empty());
        forms.dedup();
        (!forms.is_empty()).then_some(Self(forms))
    }

    /// Whether one of the words in an [`IndexWords::text`] begins so.
    fn begins_in(&self, text: &str) -> bool {
        self.0.iter().any(|form| text.contains(&format!(" {form}")))
    }

    fn is_whole_in(&self, text: &str) -> bool {
        self.0.iter().any(|form| text.contains(&format!(" {form} ")))
    }
}

/// The words of a search, the most selective (the longest) first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery(Vec<Term>);

impl SearchQuery {
    /// Most words of a search.
    pub const MAX_TERMS: usize = 10;

    /// `None` unless there are at least 2 characters and 1 to 10 words, each with a letter or a digit.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = fold(text.trim());
        let mut terms: Vec<Term> = folded.split_whitespace().filter_map(Term::of).collect();
        terms.sort_by_key(|term| std::cmp::Reverse(term.0.iter().map(|form| form.chars().count()).max()));
        terms.dedup();
        let valid = text.trim().chars().count() >= 2 && (1..=Self::MAX_TERMS).contains(&terms.len());
        valid.then_some(Self(terms))
    }

    /// The term whose entries are read, and those that are looked up beside them.
    pub fn split(&self) -> Option<(&Term, &[Term])> {
        self.0.split_first()
    }

    /// Whether a lead with these words has every term.
    pub fn matches(&self, words: &IndexWords) -> bool {
        let text = words.text();
        self.0.iter().all(|term| term.begins_in(&text))
    }

    /// How many terms are whole words in an [`IndexWords::text`].
    pub fn whole_words(&self, text: &str) -> usize {
        self.0.iter().filter(|term| term.is_whole_in(text)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(text: &str) -> Vec<String> {
        SearchQuery::parse(text).and_then(|q| q.split().map(|(first, _)| first.0.clone())).unwrap_or_default()
    }

    #[test]
    fn words_of_a_text() {
        let words = |text| text_words(text).collect::<Vec<_>>();
        assert_eq!(words("  Jean-Luc  O'Brien, Ångström "), ["jean-luc", "luc", "o'brien", "brien", "angstrom"]);
        assert_eq!(words("Łódź 東京 -- ½"), ["łodz", "東京", "1⁄2", "2"]);
        assert_eq!(words("x".repeat(100).as_str()), ["x".repeat(64)]);
    }

    #[test]
    fn terms_fold_and_know_phone_numbers() {
        assert_eq!(term("JOSÉ"), ["jose"]);
        assert_eq!(term("(123)"), ["123"]);
        assert_eq!(term("456-7890"), ["456-7890", "4567890", "~0987654"]);
        assert_eq!(term("7890"), ["7890", "~0987"]);
        assert_eq!(term("john.doe@x.com"), ["john.doe@x.com"]);
        assert_eq!(SearchQuery::parse("a"), None);
        assert_eq!(SearchQuery::parse(" é "), None);
        assert_eq!(SearchQuery::parse("--"), None);
        assert_eq!(term("j doe"), ["doe"], "the longest leads");
    }
}
