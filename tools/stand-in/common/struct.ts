import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb";
import { Json, JsonObject } from "./values";

/** The properties that a protobuf Struct carries; an absent Struct has none. */
export function fromStruct(struct: Struct | undefined): JsonObject {
    return struct ? (struct.toJavaScript() as JsonObject) : {};
}

/** A protobuf Struct with these properties. A property whose value is undefined is left out, as JSON.stringify does. */
export function toStruct(properties: JsonObject): Struct {
    const struct = new Struct();
    const fields = struct.getFieldsMap();
    for (const [key, value] of Object.entries(properties)) if (value !== undefined) fields.set(key, toValue(value));
    return struct;
}

function toValue(json: Json): Value {
    const value = new Value();
    if (json === null || json === undefined) value.setNullValue(NullValue.NULL_VALUE);
    else if (typeof json === "boolean") value.setBoolValue(json);
    else if (typeof json === "number") value.setNumberValue(json);
    else if (typeof json === "string") value.setStringValue(json);
    else if (Array.isArray(json)) value.setListValue(new ListValue().setValuesList(json.map(toValue)));
    else value.setStructValue(toStruct(json));
    return value;
}
