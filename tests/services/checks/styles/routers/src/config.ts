const value = process.env.JWT_SECRET;
if (value === undefined || value.length < 32) throw new Error('Set JWT_SECRET to at least 32 characters.');
export const secret: string = value;
