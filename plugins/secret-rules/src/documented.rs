//! Values that documentation prints as examples. They look like secrets, some with a checksum that holds, and are
//! known to everybody. Kept as hashes, so that nothing here looks like a secret itself.

/// FNV-1a hashes of such values.
const EXAMPLES: [u64; 19] = [
    // Stripe documentation, test keys.
    0xDDD1_9C48_6D09_5D84,
    0x67E7_33C2_F903_5757,
    0x43F6_2E8B_CDD8_4601,
    // GitHub documentation and blog.
    0xA2EF_9DEC_0582_0312,
    0xF6CA_D54E_10EB_31AC,
    0xE49C_640A_A227_DC2F,
    // Slack API documentation.
    0x780B_C8CD_8F91_35B3,
    // The storage and Cosmos DB emulators of Azure.
    0x3F9D_1C99_6E62_0B67,
    0x9F19_20C6_CD48_4714,
    // Telegram Bot API documentation.
    0x8959_D21B_97C6_B870,
    0x3367_FE8C_16B6_73D2,
    // Discord developer documentation.
    0xC860_F3F8_A6CD_87C5,
    // Google Maps documentation.
    0xCB16_0C5E_BF07_2178,
    // Twilio SendGrid documentation.
    0x9808_5E70_F2B3_DC4E,
    // RFC 6749 and RFC 6750.
    0x846B_2A1E_2FAD_7FCB,
    0xECC1_A447_4851_BC28,
    0xBB65_956C_4B8B_34BF,
    0xDC8D_8CA0_6454_72E9,
    0x1A7B_78BE_56F3_054D,
];

/// What the payload of a signed token holds that was made for show: the example of jwt.io, Supabase's local keys.
const SHOWN: [&str; 4] = ["John Doe", "\"sub\":\"1234567890\"", "supabase-demo", "example"];

/// Whether a value is an example of somebody's documentation.
pub(crate) fn is_documented(value: &str) -> bool {
    EXAMPLES.contains(&hash(value)) || is_shown_token(value)
}

/// A JSON web token whose payload says that it is an example.
fn is_shown_token(value: &str) -> bool {
    let payload = value.strip_prefix("eyJ").and_then(|rest| rest.split('.').nth(1));
    payload.map(decoded).is_some_and(|payload| SHOWN.iter().any(|word| payload.contains(word)))
}

/// The password of a basic authorization.
pub(crate) fn basic_password(value: &str) -> Option<String> {
    decoded(value).split_once(':').map(|(_, password)| password.to_owned())
}

/// What base64 stands for in either alphabet, as far as it is text.
fn decoded(text: &str) -> String {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for value in text.bytes().map_while(digit) {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hash(value: &str) -> u64 {
    value.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // In parts, so that no scanner stops at them.
    #[test]
    fn examples_are_known_by_their_hash() {
        assert!(is_documented(&["sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"].concat()));
        assert!(is_documented(&["ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"].concat()));
        assert!(!is_documented("sk_test_"));
    }

    #[test]
    fn base64_is_read_in_both_alphabets() {
        assert_eq!(decoded("fn5-Pz8_"), "~~~???");
        assert_eq!(decoded("fn5+Pz8/"), "~~~???");
        assert_eq!(basic_password("dXNlcjpwYXNzd29yZA==").as_deref(), Some("password"));
        let token = ["eyJhbGciOiJIUzI1NiJ9", "eyJuYW1lIjoiSm9obiBEb2UifQ", "c2lnbmF0dXJl"].join(".");
        assert!(is_documented(&token) && !is_documented(&token.replace("Sm9obiBEb2U", "SmFuZSBSb2U")));
    }
}
