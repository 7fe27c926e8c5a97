//! Secrets: written inline or in a file, trimmed, and never shown.

use secrecy::SecretString;

use crate::config::raw::RawSecret;

/// Why a secret cannot be used; says nothing of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretProblem {
    /// Both the key and its file are set.
    Twice,
    /// The file cannot be read, for this reason.
    Unreadable(String),
    /// The file has nothing in it.
    EmptyFile,
    /// It has characters that no token has: spaces, control characters, or others than ASCII.
    OddCharacters,
}

/// The secret that is written inline or in a file; none when neither is set.
///
/// # Errors
/// [`SecretProblem`].
pub fn resolve(inline: &RawSecret, file: &str) -> Result<Option<SecretString>, SecretProblem> {
    let file = file.trim();
    let text = match (inline.expose(), file) {
        ("", "") => return Ok(None),
        (text, "") => text.to_owned(),
        ("", file) => match std::fs::read_to_string(file) {
            Ok(text) if text.trim().is_empty() => return Err(SecretProblem::EmptyFile),
            Ok(text) => text.trim().to_owned(),
            Err(error) => return Err(SecretProblem::Unreadable(error.kind().to_string())),
        },
        _ => return Err(SecretProblem::Twice),
    };
    if text.chars().all(|c| c.is_ascii_graphic()) {
        Ok(Some(SecretString::from(text)))
    } else {
        Err(SecretProblem::OddCharacters)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn resolved(inline: &str, file: &str) -> Result<Option<String>, SecretProblem> {
        let secret = resolve(&RawSecret::new(inline.to_owned()), file)?;
        Ok(secret.map(|secret| secret.expose_secret().to_owned()))
    }

    #[test]
    fn a_secret_is_trimmed_wherever_it_stands() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "  123:abc\n").expect("written");
        assert_eq!(resolved(" 123:abc ", ""), Ok(Some("123:abc".to_owned())));
        assert_eq!(resolved("", &file.display().to_string()), Ok(Some("123:abc".to_owned())));
        assert_eq!(resolved(" ", ""), Ok(None));
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "\n").expect("written");
        let path = file.display().to_string();
        assert_eq!(resolved("", &path), Err(SecretProblem::EmptyFile));
        assert_eq!(resolved("abc", &path), Err(SecretProblem::Twice));
        assert_eq!(resolved("a b", ""), Err(SecretProblem::OddCharacters));
        assert!(matches!(resolved("", "/nowhere/at/all"), Err(SecretProblem::Unreadable(_))));
    }
}
