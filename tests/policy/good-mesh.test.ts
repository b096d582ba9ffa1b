import { accepts } from "./cases";

describe("policy: the good mesh", () => {
    accepts([{ title: "as it is", change: () => undefined }]);
});
