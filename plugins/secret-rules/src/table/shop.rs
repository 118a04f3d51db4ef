//! Payments and shops.

use super::{after_name, gives};
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "stripe-live-key",
        "Stripe live key, secret or restricted",
        r"\b[rs]k_live_[A-Za-z0-9]{20,}\b",
        &["sk_live_", "rk_live_"],
        "Stripe documentation, API keys",
        &["STRIPE_KEY=sk_live_{alnum:24}", "rk_live_{alnum:99}"],
        &["sk_live_...", "pk_live_{alnum:24}"],
    ),
    token(
        "stripe-test-key",
        "Stripe key of a test mode",
        r"\b[rs]k_test_[A-Za-z0-9]{20,}\b",
        &["sk_test_", "rk_test_"],
        "Stripe documentation, API keys",
        &["sk_test_{alnum:24}"],
        &["sk_test_mode"],
    ),
    token(
        "stripe-webhook-secret",
        "Stripe webhook signing secret",
        r"\bwhsec_[A-Za-z0-9+/]{32,64}={0,2}",
        &["whsec_"],
        "Stripe and Standard Webhooks documentation",
        &["STRIPE_WEBHOOK_SECRET=whsec_{alnum:32}"],
        &["whsec_..."],
    ),
    token(
        "square-token",
        "Square access token or OAuth secret",
        r"\b(?:EAAA[A-Za-z0-9_\-]{60}|sq0(?:atp-[A-Za-z0-9_\-]{22}|csp-[A-Za-z0-9_\-]{43}))",
        &["eaaa", "sq0atp-", "sq0csp-"],
        "Square developer documentation, access tokens",
        &["EAAA{url:60}", "sq0atp-{url:22}", "sq0csp-{url:43}"],
        &["sq0idp-{url:22}", "EAAA"],
    )
    .entropy(3.5),
    token(
        "shopify-token",
        "Shopify access token or shared secret",
        r"\bshp(?:at|ca|pa|ss|ua|it)_[a-fA-F0-9]{32,64}\b",
        &["shpat_", "shpca_", "shppa_", "shpss_", "shpua_", "shpit_"],
        "Shopify developer documentation, access tokens",
        &["X-Shopify-Access-Token: shpat_{hex:32}", "shpss_{hex:32}"],
        &["shpat_token"],
    ),
    token(
        "paypal-braintree-token",
        "Braintree access token of PayPal",
        r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}",
        &["access_token$"],
        "Braintree developer documentation",
        &["access_token$production${lower:16}${hex:32}"],
        &["access_token$production"],
    ),
    token(
        "razorpay-key",
        "Razorpay live key id",
        r"\brzp_live_[A-Za-z0-9]{14}\b",
        &["rzp_live_"],
        "Razorpay documentation, API keys",
        &["rzp_live_{alnum:14}"],
        &["rzp_live_key"],
    ),
    token(
        "paystack-key",
        "Paystack or Flutterwave secret key next to its name",
        after_name!("paystack|flutterwave|flwseck", r"(?:sk_live_|FLWSECK-)[A-Za-z0-9\-]{20,60}"),
        &["paystack", "flutterwave", "flwseck"],
        "Paystack and Flutterwave documentation",
        &["FLUTTERWAVE_SECRET=FLWSECK-{hex:32}-X"],
        &["paystack: disabled"],
    )
    .named(),
    token(
        "plaid-token",
        "Plaid access token",
        r"\baccess-(?:production|development|sandbox)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        &["access-production-", "access-development-", "access-sandbox-"],
        "Plaid documentation, tokens",
        &["access-production-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &["access-production-database"],
    ),
    token(
        "coinbase-key",
        "Coinbase key or secret next to its name",
        after_name!("coinbase", r"[A-Za-z0-9_\-+/]{30,}"),
        &["coinbase"],
        "Coinbase developer documentation",
        &["COINBASE_API_SECRET={alnum:64}"],
        &["coinbase: an-exchange-with-a-very-long-description"],
    )
    .named()
    .entropy(3.8)
    .allow(&[r"^[^0-9]*$"]),
];
