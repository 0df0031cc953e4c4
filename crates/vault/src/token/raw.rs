//! The two calls of PKCS#11 that the safe library has not, or not as we need them; all `unsafe` of the project is here.
//!
//! - `C_DeriveKey` with `CKM_DES3_ECB_ENCRYPT_DATA`. The library knows no such mechanism and lets nobody name one.
//! - `C_GetAttributeValue` into a buffer of ours. The library reads into memory of its own and frees it unwiped, and what
//!   is read here is the TAC key of a card, or a custodian's part of a key.
//!
//! Both are called through the module's own list of functions. Their arguments are what the standard (PKCS#11 2.40,
//! 5.7.5 and 5.13.5) asks for, built here from safe values that outlive the call. A handle that is no longer good is not
//! a danger to memory: the module answers with an error.
#![expect(unsafe_code, reason = "these calls cross into C; each says why it is sound")]

use std::ffi::c_void;
use std::path::Path;
use std::ptr;

use cryptoki::context::Function;
use cryptoki::error::{Error, Result, Rv};
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use cryptoki_sys::{
    CK_ATTRIBUTE, CK_C_DeriveKey, CK_C_GetAttributeValue, CK_KEY_DERIVATION_STRING_DATA, CK_MECHANISM, CK_ULONG,
    CKA_VALUE, CKM_DES3_ECB_ENCRYPT_DATA,
};
use zeroize::Zeroizing;

/// The module's functions that are called directly.
pub(super) struct Raw {
    derive_key: CK_C_DeriveKey,
    get_attribute_value: CK_C_GetAttributeValue,
    /// Keeps the module loaded, and so the two functions where they are.
    _module: cryptoki_sys::Pkcs11,
}

impl Raw {
    /// Those of the module at `path`, which the safe library has loaded already.
    pub(super) fn of(path: &Path) -> Result<Self> {
        // SAFETY: loading runs the module's initialisers. They have run when the library loaded it: this is one more
        // reference to it. What is looked up by name are the functions of the standard with the standard's types.
        let module = unsafe { cryptoki_sys::Pkcs11::new(path) }.map_err(Error::LibraryLoading)?;
        let get_list = *module.C_GetFunctionList.as_ref().map_err(|_| Error::MissingSymbol("C_GetFunctionList"))?;
        let mut list = ptr::null_mut();
        // SAFETY: the argument is a pointer to a pointer that may be written.
        into_result(unsafe { get_list(&raw mut list) }, Function::GetFunctionList)?;
        if list.is_null() {
            return Err(Error::NullFunctionPointer);
        }
        // SAFETY: the module answered CKR_OK, so this is its list of functions, which stays for as long as the module.
        // Every version of the standard begins its list with these functions at these places.
        let list = unsafe { *list };
        Ok(Self { derive_key: list.C_DeriveKey, get_attribute_value: list.C_GetAttributeValue, _module: module })
    }

    /// A key whose value is `data` enciphered with `base`, block by block.
    pub(super) fn derive(
        &self,
        session: &Session,
        base: ObjectHandle,
        data: &[u8; 16],
        template: &[Attribute],
    ) -> Result<ObjectHandle> {
        let call = self.derive_key.ok_or(Error::NullFunctionPointer)?;
        let mut data = *data;
        let mut parameter =
            CK_KEY_DERIVATION_STRING_DATA { pData: data.as_mut_ptr(), ulLen: CK_ULONG::try_from(data.len())? };
        let mut mechanism = CK_MECHANISM {
            mechanism: CKM_DES3_ECB_ENCRYPT_DATA,
            pParameter: (&raw mut parameter).cast::<c_void>(),
            ulParameterLen: CK_ULONG::try_from(size_of::<CK_KEY_DERIVATION_STRING_DATA>())?,
        };
        let mut template: Vec<CK_ATTRIBUTE> = template.iter().map(CK_ATTRIBUTE::from).collect();
        let mut handle = 0;
        // SAFETY: mechanism, its parameter and data, the template and what its attributes point to, and the handle all
        // live until the call is over, with the lengths that are given. The session is of this module and, not being
        // Sync, in nobody else's use.
        let answer = unsafe {
            call(
                session.handle(),
                &raw mut mechanism,
                base.handle(),
                template.as_mut_ptr(),
                CK_ULONG::try_from(template.len())?,
                &raw mut handle,
            )
        };
        into_result(answer, Function::DeriveKey)?;
        // SAFETY: the handle is the module's own, of the object it has just made.
        Ok(unsafe { ObjectHandle::new_from_raw(handle) })
    }

    /// The value of an object that may be read and is `N` bytes long. It is wiped when it is dropped.
    pub(super) fn value<const N: usize>(&self, session: &Session, object: ObjectHandle) -> Result<Zeroizing<[u8; N]>> {
        let call = self.get_attribute_value.ok_or(Error::NullFunctionPointer)?;
        let mut value = Zeroizing::new([0; N]);
        let mut attribute = CK_ATTRIBUTE {
            type_: CKA_VALUE,
            pValue: value.as_mut_ptr().cast::<c_void>(),
            ulValueLen: CK_ULONG::try_from(N)?,
        };
        // SAFETY: one attribute, whose buffer of N bytes lives until the call is over and may be written. A longer value
        // is not written but answered with CKR_BUFFER_TOO_SMALL. The session as above.
        let answer = unsafe { call(session.handle(), object.handle(), &raw mut attribute, 1) };
        into_result(answer, Function::GetAttributeValue)?;
        // Copied out: on some platforms the C struct is packed.
        let length = attribute.ulValueLen;
        if usize::try_from(length)? == N { Ok(value) } else { Err(Error::InvalidValue) }
    }
}

fn into_result(answer: cryptoki_sys::CK_RV, function: Function) -> Result<()> {
    match Rv::from(answer) {
        Rv::Ok => Ok(()),
        Rv::Error(error) => Err(Error::Pkcs11(error, function)),
    }
}
