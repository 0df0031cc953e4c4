//! Where the card keys are: in a sealed file or in a token, as the server's configuration and the flags name it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use epurse::keys::Sm4Policy;
use vault::{CheckValue, KeyFile, KeyStore, SoftVault, TokenPlace, TokenStore, TokenVault, Vault, WorkFactor};

use super::secret;

/// Where the keys are, and what opens them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// In a sealed file.
    File {
        /// The file.
        file: PathBuf,
        /// A file with its passphrase.
        passphrase_file: PathBuf,
    },
    /// In a token.
    Token {
        /// The PKCS#11 module.
        module: PathBuf,
        /// The token's label.
        label: String,
        /// A file with its user's PIN.
        pin_file: PathBuf,
    },
}

impl Keys {
    /// What the settings of these names say; either all of a file or all of a token.
    pub(crate) fn of(
        vault: Option<PathBuf>,
        vault_passphrase_file: Option<PathBuf>,
        vault_module: Option<PathBuf>,
        vault_token: Option<String>,
        vault_pin_file: Option<PathBuf>,
    ) -> Result<Self> {
        let file = [("vault", vault.is_some()), ("vault_passphrase_file", vault_passphrase_file.is_some())];
        let token = [
            ("vault_module", vault_module.is_some()),
            ("vault_token", vault_token.is_some()),
            ("vault_pin_file", vault_pin_file.is_some()),
        ];
        let given =
            |settings: &[(&'static str, bool)]| settings.iter().find(|(_, given)| *given).map(|(name, _)| *name);
        let missing = |settings: &[(&'static str, bool)]| {
            settings.iter().find(|(_, given)| !given).map(|(name, _)| *name).unwrap_or_default()
        };
        match (vault, vault_passphrase_file, vault_module, vault_token, vault_pin_file) {
            (Some(file), Some(passphrase_file), None, None, None) => Ok(Self::File { file, passphrase_file }),
            (None, None, Some(module), Some(label), Some(pin_file)) => Ok(Self::Token { module, label, pin_file }),
            _ => match (given(&file), given(&token)) {
                (None, None) => bail!(
                    "vault: is missing; give vault and vault_passphrase_file for keys in a sealed file, or vault_module, \
                     vault_token and vault_pin_file for keys in a token"
                ),
                (Some(file), Some(token)) => {
                    bail!("{file} and {token}: keys are in a sealed file or in a token, give the settings of one")
                }
                (Some(given), None) => bail!("{}: is missing, while {given} is given", missing(&file)),
                (None, Some(given)) => bail!("{}: is missing, while {given} is given", missing(&token)),
            },
        }
    }

    /// The files that must be there, by the name of their setting.
    pub(crate) fn files(&self) -> [(&'static str, &Path); 2] {
        match self {
            Self::File { file, passphrase_file } => [("vault", file), ("vault_passphrase_file", passphrase_file)],
            Self::Token { module, pin_file, .. } => [("vault_module", module), ("vault_pin_file", pin_file)],
        }
    }

    /// Opens them for use, and tells which there are.
    pub(crate) fn vault(&self, sm4: Sm4Policy) -> Result<(Arc<dyn Vault>, Vec<CheckValue>)> {
        match self {
            Self::File { file, passphrase_file } => {
                let passphrase = secret::passphrase(passphrase_file)?;
                let vault = SoftVault::open(file, &passphrase)
                    .with_context(|| format!("vault: the key file {} cannot be opened", file.display()))?
                    .with_sm4(sm4);
                let values = vault.check_values();
                Ok((Arc::new(vault), values))
            }
            Self::Token { label, .. } => {
                let opened = TokenVault::open(self.token()?).and_then(|vault| Ok((vault.check_values()?, vault)));
                let (values, vault) =
                    opened.with_context(|| format!("vault_token: the keys in the token {label:?} cannot be used"))?;
                Ok((Arc::new(vault), values))
            }
        }
    }

    /// Opens them to change them. A file that is not there is made with the first keys.
    pub(super) fn store(&self) -> Result<Box<dyn KeyStore>> {
        match self {
            Self::File { file, passphrase_file } => {
                let passphrase = secret::passphrase(passphrase_file)?;
                let store = KeyFile::open(file, &passphrase, WorkFactor::DEFAULT)
                    .with_context(|| format!("vault: the key file {} cannot be opened", file.display()))?;
                Ok(Box::new(store))
            }
            Self::Token { label, .. } => {
                let store = TokenStore::open(self.token()?)
                    .with_context(|| format!("vault_token: the token {label:?} cannot be used"))?;
                Ok(Box::new(store))
            }
        }
    }

    /// The same, of keys that must be there already.
    pub(super) fn store_that_is_there(&self) -> Result<Box<dyn KeyStore>> {
        if let Self::File { file, .. } = self {
            std::fs::metadata(file).with_context(|| format!("vault: {} cannot be read", file.display()))?;
        }
        self.store()
    }

    fn token(&self) -> Result<TokenPlace> {
        match self {
            Self::Token { module, label, pin_file } => {
                let pin = secret::pin(pin_file)?;
                Ok(TokenPlace { module: module.clone(), label: label.clone(), pin: pin.as_str().into() })
            }
            Self::File { .. } => bail!("the keys are in a file"),
        }
    }

    /// What whoever changed the keys must know.
    pub(super) fn after_a_change(&self) -> String {
        match self {
            Self::File { file, .. } => {
                let previous = KeyFile::previous(file);
                let kept = if previous.exists() {
                    format!("The file as it was before is {}; back up the new one. ", previous.display())
                } else {
                    "Back this file up. ".to_owned()
                };
                format!("{kept}Servers read it when they start: restart them.")
            }
            Self::Token { .. } => {
                "Back the token up by its maker's means. Servers that run see the change at once.".to_owned()
            }
        }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, .. } => write!(f, "the key file {}", file.display()),
            Self::Token { label, .. } => write!(f, "the token {label:?}"),
        }
    }
}
