//! Windows: a toast through PowerShell, with the texts in its environment and not in its code.

use std::{os::windows::process::CommandExt as _, process::Command};

const CREATE_NO_WINDOW: u32 = 0x0800_0000;
const SCRIPT: &str = "\
$m = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$t = $m::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$x = $t.GetElementsByTagName('text')
[void]$x.Item(0).AppendChild($t.CreateTextNode($env:CC_NOTIFY_TITLE))
[void]$x.Item(1).AppendChild($t.CreateTextNode($env:CC_NOTIFY_TEXT))
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$m::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($t))
";

pub(crate) fn notification(title: &str, text: &str) -> Command {
    let mut command = Command::new("powershell.exe");
    command
        .args(["-NoProfile", "-NonInteractive", "-Command", SCRIPT])
        .env("CC_NOTIFY_TITLE", title)
        .env("CC_NOTIFY_TEXT", text)
        .creation_flags(CREATE_NO_WINDOW);
    command
}
