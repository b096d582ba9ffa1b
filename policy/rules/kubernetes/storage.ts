import { at, type Rule } from "../rule";
import { eksGuide, fsbp } from "../standards";

export const storageClassEncryption: Rule = {
    id: "storage-class-encryption",
    title: "Volumes that pods ask for are encrypted",
    reason: "A snapshot or a disk that leaves the account can be read by whoever gets it.",
    fix: 'Set parameters.encrypted: "true" in the StorageClass.',
    severity: "high",
    enforcement: "mandatory",
    standards: [fsbp("EC2.3"), eksGuide("Data encryption and secrets management")],
    *check(mesh) {
        for (const storage of mesh.ofKind("StorageClass", "storage.k8s.io")) {
            const encrypted = storage.root.get("parameters", "encrypted");
            const isEbs = storage.root.get("provisioner").value === "ebs.csi.aws.com";
            if (isEbs && !encrypted.isUnknown && String(encrypted.value) !== "true")
                yield at(storage, encrypted, "volumes of this class are not encrypted", 'set encrypted: "true"');
        }
    },
};
