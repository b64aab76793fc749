//! Search by the beginnings of words, as people type them (spec section 3).
//!
//! A lead's index words: every word of its name, e-mail, phones, company, position and location. A phone's digits stand
//! twice, as they are and backwards behind `~`, so that its last digits are the beginning of a word too. Text without
//! spaces between its words (Chinese, Japanese, Korean) stands once from each character on.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::{is_cjk, searchable};
use super::{Lead, LeadSummary};

/// Longest index word, in characters; longer ones are cut, in queries too.
const MAX_LENGTH: usize = 64;
/// Fewest digits that are looked for at the end of a phone number.
const MIN_SUFFIX: usize = 4;
/// Fewest digits of a number that is written with spaces; fewer are words of their own.
const MIN_NUMBER: usize = 7;
/// Most parent domains of an address that are found.
const MAX_DOMAINS: usize = 4;

fn cut(word: &str) -> String {
    word.chars().take(MAX_LENGTH).collect()
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Apostrophes are not typed as they are written, and no word has a space: a quoted local part of an address may.
fn joined(word: &str) -> String {
    word.chars().filter(|c| *c != '\'' && !c.is_whitespace()).collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn backwards(digits: &str) -> String {
    std::iter::once('~').chain(digits.chars().rev()).collect()
}

/// The words of a text: what stands between spaces, the parts of what has punctuation inside (`jean-luc`, `luc`), and
/// what begins with each character of a text that has no spaces.
fn text_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in searchable(text).split_whitespace().map(trimmed) {
        words.push(joined(word));
        words.extend(word.split(|c: char| !c.is_alphanumeric()).skip(1).map(str::to_owned));
        let inner = word.char_indices().zip(word.chars().skip(1));
        for ((at, before), next) in inner {
            if next.is_alphanumeric() && (is_cjk(next) || is_cjk(before)) {
                words.push(joined(&word[at + before.len_utf8()..]));
            }
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).map(|word| cut(&word)).collect()
}

/// A lead's address as it is looked for.
fn address(lead: &LeadSummary) -> String {
    joined(&searchable(lead.email.as_str()))
}

/// A domain and those above it, without the last: `mail.example.com`, `example.com`.
fn domains(email: &str) -> Vec<String> {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let starts = std::iter::once(0).chain(domain.match_indices('.').map(|(at, _)| at + 1));
    let parents = starts.map(|at| &domain[at..]).filter(|parent| parent.contains('.'));
    parents.take(MAX_DOMAINS).map(str::to_owned).collect()
}

/// A lead's index words, each with whether other words of a search can be looked up beside it.
///
/// Words of text carry [`IndexWords::text`]; those of the e-mail and the phones carry nothing, so that a new name
/// rewrites fewer entries: what they lead to is checked against the lead itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexWords {
    /// Of name, company, position and location.
    #[serde(rename = "text", serialize_with = "as_one", deserialize_with = "of_one")]
    pub of_text: BTreeSet<String>,
    /// Of e-mail and phones, those in `of_text` excepted.
    #[serde(serialize_with = "as_one", deserialize_with = "of_one")]
    pub bare: BTreeSet<String>,
}

/// No word has a space.
fn as_one<S: Serializer>(words: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(" ").serialize(serializer)
}

fn of_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    let words = String::deserialize(deserializer)?;
    Ok(words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

impl IndexWords {
    /// Index words of one lead, e-mail and phones first, then text, field by field: with more, a change of everything might
    /// not fit one transaction.
    pub const MAX_WORDS: usize = 45;

    /// The index words of a lead, at most [`IndexWords::MAX_WORDS`]; `more` are its position and location.
    pub fn of(lead: &LeadSummary, more: [&str; 2]) -> Self {
        let email = address(lead);
        let phones = lead.phone_number.iter().map(|phone| digits(&searchable(phone)));
        let phones = phones.filter(|digits| !digits.is_empty()).flat_map(|digits| [backwards(&digits), digits]);
        let bare = [email.clone()].into_iter().chain(domains(&email)).chain(phones).map(|word| (false, cut(&word)));
        let text = |texts: &[&str]| {
            let words: Vec<String> = texts.iter().flat_map(|text| text_words(text)).collect();
            words.into_iter().map(|word| (true, word))
        };
        let [position, location] = more;
        let texts = text(&[&lead.first_name, &lead.last_name, &lead.company, position, location]);
        let mut words = Self::default();
        for (of_text, word) in bare.chain(texts) {
            if words.of_text.len() + words.bare.len() == Self::MAX_WORDS {
                break;
            }
            if of_text {
                words.bare.remove(&word);
                words.of_text.insert(word);
            } else {
                words.bare.insert(word);
            }
        }
        words
    }

    /// Every word, once.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.of_text.iter().chain(&self.bare)
    }

    /// Whether it is one of them.
    pub fn contains(&self, word: &str) -> bool {
        self.of_text.contains(word) || self.bare.contains(word)
    }

    /// All words in one text, each after a space and with one at the end: ` doe` is in it when one begins so.
    pub fn text(&self) -> String {
        self.all().fold(String::from(" "), |text, word| text + word + " ")
    }
}

/// One word of a search: a lead has it when any of its index words begins with any of the forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What index words begin with.
    pub forms: Vec<String>,
    /// What must stand in the lead's address besides: `@` and the beginning of a domain.
    domain: Option<String>,
}

impl Term {
    fn of(word: String, number: &str) -> Option<Self> {
        let mut forms = vec![word];
        if !number.is_empty() {
            forms.push(cut(number));
            if number.len() >= MIN_SUFFIX {
                forms.push(cut(&backwards(number)));
            }
        }
        forms.retain(|form| !form.is_empty());
        forms.dedup();
        (!forms.is_empty()).then_some(Self { forms, domain: None })
    }

    fn of_token(token: &str) -> Option<Self> {
        if let Some(domain) = token.strip_prefix('@') {
            let domain = joined(domain);
            let term = Self::of(cut(&domain), "")?;
            return Some(Self { domain: Some(format!("@{}", term.forms[0])), ..term });
        }
        // An address may begin with what is trimmed off other words.
        let word = joined(if token.contains('@') { token } else { trimmed(token) });
        Self::of(cut(&word), &if is_of_number(token) { digits(token) } else { String::new() })
    }

    /// Whether one of the words in an [`IndexWords::text`] begins so, and the domain of the address.
    fn begins_in(&self, text: &str, email: &str) -> bool {
        let domain = self.domain.as_ref().is_none_or(|domain| email.contains(domain));
        domain && self.forms.iter().any(|form| text.contains(&format!(" {form}")))
    }

    fn is_whole_in(&self, text: &str) -> bool {
        self.forms.iter().any(|form| text.contains(&format!(" {form} ")))
    }
}

/// Part of a phone number as it is displayed.
fn is_of_number(token: &str) -> bool {
    token.chars().all(|c| c.is_ascii_digit() || "+-()./".contains(c))
}

/// The terms of a folded text: a phone number with spaces is one.
fn terms(folded: &str) -> Vec<Term> {
    let tokens: Vec<&str> = folded.split_whitespace().collect();
    let runs = tokens.chunk_by(|one, next| is_of_number(one) && is_of_number(next));
    let of_run = |run: &[&str]| -> Vec<Term> {
        let number = digits(&run.concat());
        if run.len() > 1 && number.len() >= MIN_NUMBER {
            return Term::of(String::new(), &number).into_iter().collect();
        }
        run.iter().filter_map(|token| Term::of_token(token)).collect()
    };
    runs.flat_map(of_run).collect()
}

/// The words of a search, the most selective (the longest) first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery(Vec<Term>);

impl SearchQuery {
    /// Most words of a search.
    pub const MAX_TERMS: usize = 10;

    /// `None` unless there are at least 2 characters, or one that is a word by itself, and 1 to 10 words, each with a
    /// letter or a digit.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = searchable(text.trim());
        let mut terms = terms(&folded);
        terms.sort_by_key(|term| std::cmp::Reverse(term.forms.iter().map(|form| form.chars().count()).max()));
        terms.dedup();
        let long = text.trim().chars().count() >= 2 || folded.chars().any(is_cjk);
        (long && (1..=Self::MAX_TERMS).contains(&terms.len())).then_some(Self(terms))
    }

    /// The longest first; never none.
    pub fn terms(&self) -> &[Term] {
        &self.0
    }

    /// Whether a lead has every term.
    pub fn matches(&self, lead: &Lead) -> bool {
        let (words, email) = (lead.derived.words.text(), address(lead));
        self.0.iter().all(|term| term.begins_in(&words, &email))
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
        SearchQuery::parse(text).map(|query| query.terms()[0].forms.clone()).unwrap_or_default()
    }

    #[test]
    fn words_of_a_text() {
        assert_eq!(text_words("  Jean-Luc  O’Brien, Ångström "), ["jean-luc", "luc", "obrien", "brien", "angstrom"]);
        assert_eq!(text_words("Łódź -- ½"), ["lodz", "1⁄2", "2"]);
        assert_eq!(text_words("東京都庁"), ["東京都庁", "京都庁", "都庁", "庁"]);
        assert_eq!(text_words("김철수 ABC株式"), ["김철수", "철수", "수", "abc株式", "株式", "式"]);
        assert_eq!(text_words("x".repeat(100).as_str()), ["x".repeat(64)]);
    }

    #[test]
    fn domains_and_their_parents() {
        assert_eq!(domains("a@mail.example.com"), ["mail.example.com", "example.com"]);
        assert_eq!(domains("a@example.com"), ["example.com"]);
    }

    #[test]
    fn terms_fold_and_know_phone_numbers() {
        assert_eq!(term("JOSÉ"), ["jose"]);
        assert_eq!(term("(123)"), ["123"]);
        assert_eq!(term("456-7890"), ["456-7890", "4567890", "~0987654"]);
        assert_eq!(term("7890"), ["7890", "~0987"]);
        assert_eq!(term("+1 (555) 867-5309"), ["15558675309", "~90357685551"]);
        assert_eq!(term("12 34"), ["12"], "too short for a number");
        assert_eq!(term("john.doe@x.com"), ["john.doe@x.com"]);
        assert_eq!(term("@x.com"), ["x.com"]);
        assert_eq!(term("O’Connor"), ["oconnor"]);
        assert_eq!(term("京"), ["京"]);
        for nothing in ["a", " é ", "--", "@", "''"] {
            assert_eq!(SearchQuery::parse(nothing), None, "{nothing}");
        }
        assert_eq!(term("j doe"), ["doe"], "the longest leads");
    }
}
