//! Passwords: any characters, any length, never cut; Argon2id.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::{Entropy, House};

/// The fewest characters of a new password.
pub const MIN_PASSWORD: usize = 8;

/// Why a new password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordRule {
    /// Fewer than [`MIN_PASSWORD`] characters.
    TooShort,
    /// Among the passwords that everybody tries first.
    Common,
}

/// What everybody tries first, of [`MIN_PASSWORD`] characters or more, in small letters. Single repeated characters,
/// counting, and the login with digits are found by rule.
const COMMON: &[&str] = &[
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "qwertyui",
    "qwertyuiop",
    "qwer1234",
    "1qaz2wsx",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "zaq12wsx",
    "asdfghjk",
    "asdfghjkl",
    "zxcvbnm123",
    "abcd1234",
    "abc12345",
    "abc123456",
    "a1234567",
    "a12345678",
    "a123456789",
    "aa123456",
    "qq123456",
    "admin123",
    "admin1234",
    "admin888",
    "administrator",
    "iloveyou",
    "woaini520",
    "woaini1314",
    "5201314520",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "letmein123",
    "welcome1",
    "welcome123",
    "changeme",
    "changeit",
    "default1",
    "11223344",
    "12341234",
    "12344321",
    "123123123",
    "147258369",
    "987654321",
    "asdf1234",
    "xiaoming",
    "chongzhi",
    "jichong1",
    "jichong123",
    "yikatong",
    "88888888a",
    "qazwsxedc",
    "q1w2e3r4",
    "test1234",
    "computer",
    "internet",
];

/// The rules for a new password: a floor and a check against common ones, none of composition.
pub fn check_new(login: &str, password: &str) -> Result<(), PasswordRule> {
    if password.chars().count() < MIN_PASSWORD {
        return Err(PasswordRule::TooShort);
    }
    let plain = password.trim().to_lowercase();
    let mut distinct: Vec<char> = plain.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let counts = ["01234567890123456789", "98765432109876543210"].iter().any(|run| run.contains(&plain));
    let is_login =
        !login.is_empty() && plain.replace(login, "").chars().all(|c| c.is_ascii_digit()) && plain.contains(login);
    if distinct.len() <= 2 || counts || is_login || COMMON.contains(&plain.as_str()) {
        return Err(PasswordRule::Common);
    }
    Ok(())
}

/// Memory that a hash takes, in KiB: what OWASP recommends for Argon2id with two passes.
pub const WORK_KIB: u32 = 19 * 1024;

/// The hash to store: a PHC string with its own salt and parameters. Takes tens of milliseconds of a processor.
pub(super) fn hash(entropy: &dyn Entropy, password: &str, kib: u32) -> String {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(kib, 2, 1, None).unwrap_or_default());
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
    // An empty hash verifies against nothing: whatever failed, nobody gets in by it.
    hash.map(|hash: PasswordHash| hash.to_string()).unwrap_or_default()
}

/// Whether `password` is the one behind `hash`. Without a hash it takes as long and says no.
pub(super) async fn verify(house: &House, password: &str, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    let hash = hash.map_or_else(|| house.doorkeeper.decoy.clone(), str::to_owned);
    let password = password.as_bytes().to_vec();
    let matches = house
        .doorkeeper
        .hashing(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(&password, &hash).is_ok())
        })
        .await
        .unwrap_or(false);
    known && matches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_passwords_have_a_floor_and_no_other_rule_but_common_ones() {
        let check = |password: &str, expected| assert_eq!(check_new("0012", password), expected, "{password}");
        check("", Err(PasswordRule::TooShort));
        check("1234567", Err(PasswordRule::TooShort));
        check("七个字不够长啊", Err(PasswordRule::TooShort));
        check("12345678", Err(PasswordRule::Common));
        check("87654321", Err(PasswordRule::Common));
        check("88888888", Err(PasswordRule::Common));
        check("PassWord", Err(PasswordRule::Common));
        check("00120012", Err(PasswordRule::Common));
        check("00122026", Err(PasswordRule::Common));
        check("correct horse", Ok(()));
        check("八个汉字就足够了", Ok(()));
        check(&"long ".repeat(2_000), Ok(()));
    }
}
