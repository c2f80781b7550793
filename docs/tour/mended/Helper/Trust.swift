import Foundation

enum Trust {
    /// The app, signed by us, from the release on that does not load plug-ins any more.
    static let appRequirement = "anchor apple generic and identifier \"com.example.courier\" "
        + "and certificate leaf[subject.OU] = \"ABCDE12345\" and info[CFBundleShortVersionString] >= \"2.0\""
}
