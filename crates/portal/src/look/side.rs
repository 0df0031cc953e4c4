use crate::words::{Lang, say};

/// The two sides of the counter: the groups' portal and the card company's office. They share the look and everything
/// around a page; sign-in, session and cookie are each side's own. Which side an address is on, the address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Portal,
    Office,
}

impl Side {
    /// The side that a path, with or without its query, is on.
    pub(crate) fn of(path: &str) -> Self {
        match path.strip_prefix("/office") {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => Self::Office,
            Some(_) | None => Self::Portal,
        }
    }

    /// Its first page.
    pub(crate) const fn home(self) -> &'static str {
        match self {
            Self::Portal => "/",
            Self::Office => "/office",
        }
    }

    pub(crate) const fn sign_in(self) -> &'static str {
        match self {
            Self::Portal => "/sign-in",
            Self::Office => "/office/sign-in",
        }
    }

    pub(crate) const fn sign_out(self) -> &'static str {
        match self {
            Self::Portal => "/sign-out",
            Self::Office => "/office/sign-out",
        }
    }

    /// Where the clock of the session is asked.
    pub(crate) const fn session(self) -> &'static str {
        match self {
            Self::Portal => "/session",
            Self::Office => "/office/session",
        }
    }

    pub(crate) const fn password(self) -> &'static str {
        match self {
            Self::Portal => "/password",
            Self::Office => "/office/password",
        }
    }

    /// What a page's title ends with.
    pub(crate) fn title(self, lang: Lang, page: String) -> String {
        match self {
            Self::Portal => say!(lang, "title", page = page),
            Self::Office => say!(lang, "office-title", page = page),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_its_side() {
        let check = |path: &str, side| assert_eq!(Side::of(path), side, "{path}");
        check("/office", Side::Office);
        check("/office?a=b", Side::Office);
        check("/office/terminals/000001000050?x", Side::Office);
        check("/", Side::Portal);
        check("/officer", Side::Portal);
        check("/station?then=/office", Side::Portal);
    }
}
