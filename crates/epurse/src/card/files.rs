//! What a card shows: SELECT, files, log, challenge, security code; and the PIN.

use subtle::ConstantTimeEq;

use super::state::PIN_TRIES;
use super::{Fault, Powered, Selected, Work, expect_parameters};
use crate::apdu::{Answer, Command, Status};
use crate::log::{RECORD_LENGTH, Record, TransactionType};

/// The file identifier of the master file.
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
/// The FCI of an FMCOS card's master file, which is named as the payment system environment.
const MASTER_FCI: &[u8] = b"\x6F\x15\x84\x0E1PAY.SYS.DDF01\xA5\x03\x88\x01\x01";
/// Short identifiers of the files that READ BINARY reads.
const PUBLIC_DATA: u8 = 0x15;
const HOLDER_DATA: u8 = 0x16;

impl Work<'_> {
    /// By name (P1 04) or, for the master file, by identifier (P1 00). Ends the PIN's validity.
    pub(super) fn select(&mut self, command: &Command) -> Result<Answer, Fault> {
        let [_, _, p1, p2] = command.header();
        let name = command.data();
        if !matches!(p1, 0x00 | 0x04) || p2 != 0x00 {
            return Err(Status::WrongParameters.into());
        }
        let (selected, fci) = if p1 == 0x00 && name == MASTER_FILE {
            (Selected::Master, MASTER_FCI.to_vec())
        } else if p1 == 0x04 && self.profile.directory.is_some_and(|aid| aid.as_bytes() == name) {
            (Selected::Directory, fci(name, &[]))
        } else if p1 == 0x04 && self.profile.aid.as_bytes() == name && self.may_enter() {
            (Selected::Application, self.application_fci())
        } else {
            return Err(Status::FileNotFound.into());
        };
        *self.powered = Powered { selected, ..Powered::default() };
        let locked = selected == Selected::Application && self.state.mac_tries == 0;
        let status = if locked { Status::Invalidated } else { Status::Success };
        Ok(Answer { data: fci, status })
    }

    /// Whether the application can be selected from here.
    fn may_enter(&self) -> bool {
        self.profile.directory.is_none() || self.powered.selected != Selected::Master
    }

    fn application_fci(&self) -> Vec<u8> {
        let version = tlv(&[0x9F, 0x08], &[0x01]);
        let shown = self.profile.quirks.fci_shows_file15;
        let copy = if shown { tlv(&[0x9F, 0x0C], &self.profile.file15.to_bytes()) } else { Vec::new() };
        fci(self.profile.aid.as_bytes(), &[version, copy].concat())
    }

    pub(super) fn read_binary(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        let [_, _, p1, offset] = command.header();
        let [sfi, by_sfi] = [p1 & 0x1F, p1 & 0xE0];
        if by_sfi != 0x80 {
            return Err(Status::WrongParameters.into());
        }
        let file = match (self.powered.selected, sfi) {
            (Selected::Application, PUBLIC_DATA) => self.profile.file15.to_bytes().to_vec(),
            (Selected::Application, HOLDER_DATA) => self.profile.file16.clone().ok_or(Status::FileNotFound)?,
            _ => return Err(Status::FileNotFound.into()),
        };
        let rest = file.get(usize::from(offset)..).filter(|rest| !rest.is_empty()).ok_or(Status::WrongOffset)?;
        let left = u8::try_from(rest.len()).unwrap_or(u8::MAX);
        // Fewer bytes than there are is a fair request; more is not.
        let length = command.le().filter(|le| (1..left).contains(le)).unwrap_or(left);
        self.expect_lengths(command, 0, length)?;
        Ok(rest.iter().copied().take(usize::from(length)).collect())
    }

    pub(super) fn read_record(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        let [_, _, number, p2] = command.header();
        if p2 & 0x07 != 0x04 {
            return Err(Status::WrongParameters.into());
        }
        let (sfi, logs) = (p2 >> 3, self.profile.logs);
        if self.powered.selected != Selected::Application || (sfi != logs.loads && sfi != logs.purchases) {
            return Err(Status::FileNotFound.into());
        }
        self.expect_lengths(command, 0, RECORD_LENGTH)?;
        let here = |record: &&Record| {
            let load = record.transaction_type == TransactionType::EpLoad;
            sfi == if load { logs.loads } else { logs.purchases }
        };
        let index = usize::from(number).checked_sub(1).ok_or(Status::RecordNotFound)?;
        let record = self.state.log.iter().filter(here).nth(index).ok_or(Status::RecordNotFound)?;
        Ok(record.to_bytes())
    }

    pub(super) fn verify(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        expect_parameters(command, 0x00, 0x00)?;
        if command.data().is_empty() || command.le().is_some() {
            return Err(Status::WrongLength.into());
        }
        self.expect_application()?;
        let pin = self.profile.pin.as_ref().ok_or(Status::DataNotFound)?;
        self.powered.pin_verified = false;
        let tries_left = self.state.pin_tries.checked_sub(1).ok_or(Status::PinBlocked)?;
        let right: bool = pin.bytes().ct_eq(command.data()).into();
        let mut next = self.state.clone();
        next.pin_tries = tries_left;
        self.write(next.clone())?;
        if !right {
            return Err(Status::PinWrong { tries_left }.into());
        }
        next.pin_tries = PIN_TRIES;
        self.write(next)?;
        self.powered.pin_verified = true;
        Ok(Vec::new())
    }

    pub(super) fn get_challenge(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        expect_parameters(command, 0x00, 0x00)?;
        match (command.data(), command.le()) {
            ([], Some(le @ (4 | 8))) => Ok(self.state.random().into_iter().take(usize::from(le)).collect()),
            _ => Err(Status::WrongLength.into()),
        }
    }

    pub(super) fn security_code(&mut self, command: &Command) -> Result<Vec<u8>, Fault> {
        expect_parameters(command, 0x00, 0x00)?;
        self.expect_application()?;
        let code = self.profile.security_code.ok_or(Status::DataNotFound)?;
        self.expect_lengths(command, 0, 0x09)?;
        Ok(code.to_vec())
    }
}

fn fci(name: &[u8], proprietary: &[u8]) -> Vec<u8> {
    tlv(&[0x6F], &[tlv(&[0x84], name), tlv(&[0xA5], proprietary)].concat())
}

/// A BER-TLV object; everything in an FCI of ours is shorter than 128 bytes.
fn tlv(tag: &[u8], value: &[u8]) -> Vec<u8> {
    [tag, &[u8::try_from(value.len()).unwrap_or(0)], value].concat()
}
