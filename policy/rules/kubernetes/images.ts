import { type PodContainer, podContainers } from "../../model/pod";
import { isKnown } from "../../model/unknown";
import { at, PROD_ONLY, type Rule } from "../rule";
import { cisEks, kubernetesDocs, nsaCisa } from "../standards";

/** Tag and digest of an image's name: `registry:5000/path/name:tag@sha256:...`. */
export function parseImage(image: string): { tag: string | undefined; digest: string | undefined } {
    const [name = "", digest] = image.split("@");
    const file = name.slice(name.lastIndexOf("/") + 1);
    const colon = file.indexOf(":");
    return { tag: colon < 0 ? undefined : file.slice(colon + 1), digest };
}

/** Reports every container whose image a check has something to say about. */
function images(
    judge: (image: ReturnType<typeof parseImage>) => string | undefined,
    fix: (container: PodContainer) => string,
): Rule["check"] {
    return function* (mesh) {
        for (const workload of mesh.workloads)
            for (const container of podContainers(workload)) {
                // The injector replaces the word `auto` by the proxy's image.
                if (container.isInjected || !isKnown(container.image)) continue;
                const says = judge(parseImage(container.image));
                if (says !== undefined)
                    yield at(
                        workload,
                        container.field.get("image"),
                        `the image ${container.image} ${says}`,
                        fix(container),
                    );
            }
    };
}

export const imageTag: Rule = {
    id: "image-tag",
    title: "Images have a version: a tag other than latest, or a digest",
    reason: "`latest` is another program tomorrow: a pod that is only moved to another node runs something that nobody tested.",
    fix: "Name the image's version.",
    severity: "high",
    enforcement: "mandatory",
    standards: [kubernetesDocs("Images"), nsaCisa("Building secure container images")],
    check: images(
        ({ tag, digest }) =>
            digest === undefined && (tag === undefined || tag === "latest")
                ? `has ${tag === undefined ? "no tag, which means latest" : "the tag latest"}`
                : undefined,
        () => "name a version, or a digest",
    ),
};

export const imageDigest: Rule = {
    id: "image-digest",
    title: "Images are named by their digest",
    reason: "A tag can be moved to other content: only the digest says which bytes run.",
    fix: "Add @sha256:... to the image's name.",
    severity: "medium",
    enforcement: PROD_ONLY,
    standards: [kubernetesDocs("Images"), cisEks("5.1.4")],
    check: images(
        ({ digest }) => (digest === undefined ? "can be replaced behind its tag" : undefined),
        ({ image }) => `write ${String(image)}@sha256:... with the digest that was tested`,
    ),
};
