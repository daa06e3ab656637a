//! The prompt of the firmware: friendly, paste, raw and raw-paste mode, boot order.
#![no_std]
#![forbid(unsafe_code)]
