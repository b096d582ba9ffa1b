import { cisEks, fsbp } from "../standards";
import { requires } from "./requires";

const REPOSITORY = "aws:ecr/repository:Repository";

export const registryScan = requires({
    id: "ecr-scan",
    type: REPOSITORY,
    title: "Images are searched for known holes when they are pushed",
    reason: "Nobody else looks: a library with a known hole runs until somebody uses it.",
    fix: "Set imageScanningConfiguration: { scanOnPush: true }.",
    severity: "medium",
    standards: [fsbp("ECR.1"), cisEks("5.1.1")],
    at: (repository) => repository.input("imageScanningConfiguration").get("scanOnPush"),
    isRight: (value) => value === true,
    says: "images are not searched for known holes",
    change: "set imageScanningConfiguration: { scanOnPush: true }",
});

export const registryTags = requires({
    id: "ecr-immutable-tags",
    type: REPOSITORY,
    title: "A tag stays with its image",
    reason: "Whoever may push can put another program behind a version that was tested.",
    fix: "Set imageTagMutability: IMMUTABLE.",
    severity: "medium",
    standards: [fsbp("ECR.2")],
    at: (repository) => repository.input("imageTagMutability"),
    isRight: (value) => value === "IMMUTABLE",
    says: "tags can be moved to other images",
    change: 'set imageTagMutability: "IMMUTABLE"',
});
