//! Cards to try everything with: one that works, and one for each way in which a card can be refused.

use epurse::card::{CardKeys, Profile, Quirks, State};
use epurse::file15::{CardNumber, File15, Layout};
use epurse::keys::{Algorithm, Key};
use epurse::time::Date;

use super::{SoftCardDefinition, Title};

/// An issuer's master keys: for loads, purchases and TACs.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    /// MLK.
    pub mlk: Key,
    /// MPK.
    pub mpk: Key,
    /// MTK.
    pub mtk: Key,
}

/// The issuer, city and industry of vector V1's card.
const ISSUER: [u8; 8] = [0x07, 0x31, 0x41, 0x00, 0x00, 0x00, 0x00, 0x00];

/// What the samples differ in.
struct Sample {
    zh: &'static str,
    en: &'static str,
    number: &'static str,
    /// The class byte of file 15.
    class: u8,
    balance_fen: u32,
    last_year: u16,
    enabled: bool,
    foreign: bool,
    proves: bool,
}

const ORDINARY: Sample = Sample {
    zh: "普通卡",
    en: "Standard card",
    number: "4100000099000001",
    class: 0x01,
    balance_fen: 1_260,
    last_year: 2049,
    enabled: true,
    foreign: false,
    proves: true,
};

const SAMPLES: [Sample; 7] = [
    ORDINARY,
    Sample {
        zh: "学生卡",
        en: "Student card",
        number: "4100000099000417",
        class: 0x02,
        balance_fen: 8_000,
        ..ORDINARY
    },
    Sample { zh: "快满的卡", en: "Nearly full card", number: "4100000099000388", balance_fen: 98_000, ..ORDINARY },
    Sample { zh: "过期的卡", en: "Expired card", number: "4100000099000355", last_year: 2020, ..ORDINARY },
    Sample { zh: "未启用的卡", en: "Disabled card", number: "4100000099000341", enabled: false, ..ORDINARY },
    Sample { zh: "外地的卡", en: "Another issuer's card", number: "5100000088000007", foreign: true, ..ORDINARY },
    Sample {
        zh: "不留证明的卡",
        en: "Card that proves nothing",
        number: "4100000099000362",
        balance_fen: 3_500,
        proves: false,
        ..ORDINARY
    },
];

/// MOHURD cards of an issuer with these keys: ordinary, student, nearly full (¥980), expired, disabled and one that
/// cannot prove a load afterwards; and one whose keys are `foreign`. Each draws its random numbers from `seed` and its own place in the list.
pub fn sample_cards(keys: &MasterKeys, foreign: &MasterKeys, seed: u64) -> Vec<SoftCardDefinition> {
    let cards = SAMPLES.iter().zip(seed..).filter_map(|(sample, seed)| {
        let file15 = file15(sample)?;
        let keys = if sample.foreign { foreign } else { keys };
        let keys = CardKeys::of_masters(Algorithm::TripleDes, &keys.mlk, &keys.mpk, &keys.mtk, file15.diversifier());
        Some(SoftCardDefinition {
            title: Title::new(sample.zh, sample.en),
            profile: Profile { quirks: quirks(sample), ..Profile::new(file15, keys) },
            state: State::new(sample.balance_fen, seed.rotate_left(32)),
        })
    });
    cards.collect()
}

/// An ordinary card of an issuer with these keys, under a number of its own.
pub fn ordinary_card(keys: &MasterKeys, number: CardNumber, seed: u64) -> Option<SoftCardDefinition> {
    let file15 = numbered(&ORDINARY, number)?;
    let keys = CardKeys::of_masters(Algorithm::TripleDes, &keys.mlk, &keys.mpk, &keys.mtk, file15.diversifier());
    Some(SoftCardDefinition {
        title: Title::new(ORDINARY.zh, ORDINARY.en),
        profile: Profile::new(file15, keys),
        state: State::new(ORDINARY.balance_fen, seed),
    })
}

/// Nothing only if a number or date of the table were wrong; a test reads them all.
fn file15(sample: &Sample) -> Option<File15> {
    numbered(sample, sample.number.parse().ok()?)
}

fn quirks(sample: &Sample) -> Quirks {
    if sample.proves { Quirks::FIELD } else { Quirks::WITHOUT_PROOF }
}

fn numbered(sample: &Sample, number: CardNumber) -> Option<File15> {
    let (first, last) = (Date::new(2015, 6, 5).ok()?, Date::new(sample.last_year, 12, 31).ok()?);
    let file15 = File15::new(Layout::Mohurd, ISSUER, number, first, last).ok()?;
    Some(file15.with_kind(u8::from(sample.enabled)).with_card_type([sample.class, 0x00]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_a_card() {
        let keys =
            |byte| MasterKeys { mlk: Key::new([byte; 16]), mpk: Key::new([byte; 16]), mtk: Key::new([byte; 16]) };
        let cards = sample_cards(&keys(1), &keys(2), 7);
        assert_eq!(cards.len(), SAMPLES.len());
        for (card, sample) in cards.iter().zip(&SAMPLES) {
            assert_eq!(card.profile.file15.number().to_string(), sample.number);
            assert_eq!(card.profile.file15.enabled(), Some(sample.enabled));
            assert_eq!(
                card.profile.keys[0].dlk
                    == keys(2).mlk.diversify(Algorithm::TripleDes, card.profile.file15.diversifier()),
                sample.foreign
            );
        }
    }
}
