import Foundation
import Security

enum Trust {
    static let requirement = "identifier \"com.example.courier\""

    static func isCourier(pid: pid_t) -> Bool {
        var code: SecCode?
        var requirement: SecRequirement?
        let attributes = [kSecGuestAttributePid: pid] as CFDictionary
        guard SecCodeCopyGuestWithAttributes(nil, attributes, [], &code) == errSecSuccess, let code,
              SecRequirementCreateWithString(Trust.requirement as CFString, [], &requirement) == errSecSuccess
        else { return false }
        return SecCodeCheckValidity(code, [], requirement) == errSecSuccess
    }
}
